package main

import (
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// floatIterator goes through the samples of one series.
type floatIterator struct {
	samples []promql.FPoint
	at      int
}

func (i *floatIterator) Next() chunkenc.ValueType {
	if i.at+1 >= len(i.samples) {
		i.at = len(i.samples)
		return chunkenc.ValNone
	}
	i.at++
	return chunkenc.ValFloat
}

func (i *floatIterator) Seek(t int64) chunkenc.ValueType {
	from := max(i.at, 0)
	if from < len(i.samples) && i.samples[from].T < t {
		rest := i.samples[from:]
		from += sort.Search(len(rest), func(at int) bool { return rest[at].T >= t })
	}
	i.at = from
	if from >= len(i.samples) {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

func (i *floatIterator) At() (int64, float64) { return i.samples[i.at].T, i.samples[i.at].F }
func (i *floatIterator) AtT() int64           { return i.samples[i.at].T }
func (i *floatIterator) AtST() int64          { return 0 }
func (i *floatIterator) Err() error           { return nil }

// Nobody asks for what there is none of.
func (i *floatIterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return 0, nil
}

func (i *floatIterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}
