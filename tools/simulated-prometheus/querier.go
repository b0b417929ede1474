package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// Querier gives series with all their samples, whatever the times: what is before and after, the engine leaves out itself.
func (m *memory) Querier(int64, int64) (storage.Querier, error) { return querier{m}, nil }

type querier struct{ *memory }

func (q querier) Select(
	_ context.Context, sortSeries bool, _ *storage.SelectHints, matchers ...*labels.Matcher,
) storage.SeriesSet {
	found := &seriesSet{at: -1}
	for _, one := range q.candidates(matchers) {
		if one.matches(matchers) {
			found.series = append(found.series, one)
		}
	}
	if sortSeries {
		slices.SortFunc(found.series, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
	}
	return found
}

func (m *memory) candidates(matchers []*labels.Matcher) []*series {
	for _, one := range matchers {
		if one.Name == labels.MetricName && one.Type == labels.MatchEqual {
			return m.byName[one.Value]
		}
	}
	return m.all
}

func (s *series) matches(matchers []*labels.Matcher) bool {
	for _, one := range matchers {
		if !one.Matches(s.labels.Get(one.Name)) {
			return false
		}
	}
	return true
}

// metricNames are those that have samples in [from, to], sorted.
func (m *memory) metricNames(from, to int64) []string {
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(m.byName)) {
		if slices.ContainsFunc(m.byName[name], func(one *series) bool { return one.hasSamples(from, to) }) {
			names = append(names, name)
		}
	}
	return names
}

func (s *series) hasSamples(from, to int64) bool {
	first := sort.Search(len(s.samples), func(at int) bool { return s.samples[at].T >= from })
	return first < len(s.samples) && s.samples[first].T <= to
}

var errNotAsked = errors.New("expected a query for samples, found one for labels")

func (querier) LabelValues(
	context.Context, string, *storage.LabelHints, ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return nil, nil, errNotAsked
}

func (querier) LabelNames(
	context.Context, *storage.LabelHints, ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return nil, nil, errNotAsked
}

func (querier) Close() error { return nil }

type seriesSet struct {
	series []*series
	at     int
}

func (s *seriesSet) Next() bool {
	s.at++
	return s.at < len(s.series)
}

func (s *seriesSet) At() storage.Series                { return s.series[s.at] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

func (s *series) Labels() labels.Labels { return s.labels }

func (s *series) Iterator(used chunkenc.Iterator) chunkenc.Iterator {
	if known, ok := used.(*floatIterator); ok {
		known.samples, known.at = s.samples, -1
		return known
	}
	return &floatIterator{samples: s.samples, at: -1}
}
