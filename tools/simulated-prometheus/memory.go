package main

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// memory holds an incident's samples, where Prometheus has a TSDB, and answers the engine as that does. What is read a few
// times, and gone a second later, is not worth chunks, postings and their locks: they took a third of all the time.
type memory struct {
	// all series that have samples, in the order of their first ones, as a TSDB gives them.
	all []*series
	// byName has them by their metric too.
	byName map[string][]*series
	// byHash has them by their labels, and those that have no samples yet.
	byHash map[uint64][]*series
	// spare are the samples of the incident before, which is over: most series grow as long as one of its.
	spare [][]promql.FPoint
}

// series is what one set of labels has; samples are in order of time.
type series struct {
	labels  labels.Labels
	samples []promql.FPoint
}

// newMemory takes what an incident needs no more; nil where there was none.
func newMemory(before *memory) *memory {
	made := &memory{byName: map[string][]*series{}, byHash: map[uint64][]*series{}}
	if before != nil {
		for _, one := range before.all {
			made.spare = append(made.spare, one.samples[:0])
		}
	}
	return made
}

// append adds a sample. One that is not newer than the series' last one is dropped, as Prometheus does with a warning.
func (m *memory) append(to *series, at int64, v float64) {
	if len(to.samples) == 0 {
		m.all = append(m.all, to)
		name := to.labels.Get(labels.MetricName)
		m.byName[name] = append(m.byName[name], to)
		if last := len(m.spare) - 1; last >= 0 {
			to.samples, m.spare = m.spare[last], m.spare[:last]
		}
	} else if at <= to.samples[len(to.samples)-1].T {
		return
	}
	to.samples = append(to.samples, promql.FPoint{T: at, F: v})
}

// Appender is for rules: they write floats alone.
func (m *memory) Appender(context.Context) storage.Appender { return ruleAppender{memory: m} }

type ruleAppender struct {
	storage.Appender
	memory *memory
}

func (a ruleAppender) Append(_ storage.SeriesRef, of labels.Labels, at int64, v float64) (storage.SeriesRef, error) {
	a.memory.append(a.memory.find(of), at, v)
	return 0, nil
}

func (ruleAppender) SetOptions(*storage.AppendOptions) {}
func (ruleAppender) Commit() error                     { return nil }
func (ruleAppender) Rollback() error                   { return nil }

// find gives the series with these labels; there is one at most. An empty label is none.
func (m *memory) find(of labels.Labels) *series {
	of = of.WithoutEmpty()
	hash := of.Hash()
	for _, one := range m.byHash[hash] {
		if labels.Equal(one.labels, of) {
			return one
		}
	}
	made := &series{labels: of}
	m.byHash[hash] = append(m.byHash[hash], made)
	return made
}
