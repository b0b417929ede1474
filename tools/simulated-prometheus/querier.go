package main

import (
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Querier reads the head, with all that was appended; it stands in for a whole TSDB, which would have blocks beside it.
func (i *incident) Querier(from, to int64) (storage.Querier, error) {
	if err := i.commit(); err != nil {
		return nil, err
	}
	return tsdb.NewBlockQuerier(tsdb.NewRangeHead(i.head, from, to), from, to)
}
