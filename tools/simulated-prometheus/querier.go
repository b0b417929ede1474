package main

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Querier reads the head, with all that was appended; it stands in for a whole TSDB, which would have blocks beside it.
func (i *incident) Querier(from, to int64) (storage.Querier, error) {
	if err := i.commit(); err != nil {
		return nil, err
	}
	querier, err := tsdb.NewBlockQuerier(tsdb.NewRangeHead(i.head, from, to), from, to)
	if err != nil {
		return nil, err
	}
	return untrimmed{querier}, nil
}

// untrimmed gives chunks as they are: what is before and after the time that is asked for, the engine leaves out itself.
type untrimmed struct{ storage.Querier }

func (u untrimmed) Select(
	ctx context.Context, sortSeries bool, hints *storage.SelectHints, matchers ...*labels.Matcher,
) storage.SeriesSet {
	if hints != nil {
		hints.DisableTrimming = true
	}
	return u.Querier.Select(ctx, sortSeries, hints, matchers...)
}
