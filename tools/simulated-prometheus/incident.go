package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// openRequest begins an incident. Times are milliseconds since the epoch, durations milliseconds.
type openRequest struct {
	// Rules are rule files by the path that Prometheus has them under, which decides when in its interval a group is evaluated.
	Rules map[string]string `json:"rules"`
	// EvaluationIntervalMs is that of groups which name none.
	EvaluationIntervalMs int64 `json:"evaluationIntervalMs"`
	// From is the time before the first evaluation.
	From int64 `json:"from"`
	// Aligned evaluates every group at whole intervals, as promtool does, instead of at an offset of its own.
	Aligned bool `json:"aligned"`
	// Bare leaves annotations out: their templates would be expanded at every evaluation of an active alert.
	Bare bool `json:"bare"`
}

// incident is one run's storage, rules and clock.
type incident struct {
	head    *tsdb.Head
	engine  *promql.Engine
	groups  []*group
	answers *answers
	// until is the time up to which evaluations are due.
	until      int64
	numbered   map[uint32]*series
	conditions *conditions
}

type series struct {
	labels labels.Labels
	ref    storage.SeriesRef
}

const (
	maxSamplesPerQuery = 50_000_000
	queryTimeout       = 2 * time.Minute
	// stripes of the head's series map: Prometheus' 16,384 would be made anew for each incident of a few thousand series.
	stripes = 256
)

// newParser reads PromQL as Prometheus does without feature flags.
func newParser() parser.Parser { return parser.NewParser(parser.Options{}) }

func openIncident(dir string, request openRequest, files *ruleFiles) (*incident, error) {
	options := tsdb.DefaultHeadOptions()
	options.ChunkDirRoot = dir
	options.StripeSize = stripes
	// The whole incident stays in one range: a chunk never ends early.
	options.ChunkRange = (24 * time.Hour).Milliseconds()
	head, err := tsdb.NewHead(nil, nil, nil, nil, options, nil)
	if err != nil {
		return nil, err
	}
	if err := head.Init(request.From - options.ChunkRange/2); err != nil {
		return nil, err
	}
	engine := promql.NewEngine(promql.EngineOpts{
		Logger:               promslog.NewNopLogger(),
		MaxSamples:           maxSamplesPerQuery,
		Timeout:              queryTimeout,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		// A subquery without a step takes the global evaluation interval.
		NoStepSubqueryIntervalFn: func(int64) int64 { return request.EvaluationIntervalMs },
		Parser:                   newParser(),
	})
	opened := &incident{head: head, engine: engine, numbered: map[uint32]*series{}, conditions: newConditions()}
	opened.answers = newAnswers(engine, opened, files.areChained)
	ruleOptions := &rules.ManagerOptions{
		QueryFunc:   opened.answers.labelling(opened.conditions.recording(opened.answers.query)),
		NotifyFunc:  func(context.Context, string, ...*rules.Alert) {},
		ExternalURL: &url.URL{},
		Appendable:  head,
		Queryable:   opened,
		Metrics:     files.metrics,
	}
	for _, loaded := range files.groups {
		opened.groups = append(opened.groups, newGroup(loaded, request, ruleOptions))
	}
	return opened, nil
}

// Querier reads the head; it stands in for a whole TSDB, which would have blocks beside it.
func (i *incident) Querier(from, to int64) (storage.Querier, error) {
	return tsdb.NewBlockQuerier(tsdb.NewRangeHead(i.head, from, to), from, to)
}

func (i *incident) series(number uint32, of labels.Labels) {
	i.numbered[number] = &series{labels: of}
}

// append commits what `write` adds, as the samples of one scrape. Samples that Prometheus would drop with a warning
// (older than the series' last one) are dropped here too.
func (i *incident) append(write func(add func(number uint32, at int64, v float64) error) error) error {
	appender := i.head.Appender(context.Background())
	err := write(func(number uint32, at int64, v float64) error {
		known := i.numbered[number]
		if known == nil {
			return fmt.Errorf("expected a series with the number %d, found none", number)
		}
		ref, err := appender.Append(known.ref, known.labels, at, v)
		if errors.Is(err, storage.ErrOutOfOrderSample) || errors.Is(err, storage.ErrDuplicateSampleForTimestamp) {
			return nil
		}
		known.ref = ref
		return err
	})
	if err != nil {
		return errors.Join(err, appender.Rollback())
	}
	return appender.Commit()
}

// settle runs every evaluation that is due, the earliest first. It is put off for as long as nobody can tell the difference:
// many evaluations of a rule cost little more than one where they are asked of the engine together.
func (i *incident) settle() {
	if len(i.groups) == 0 {
		return
	}
	i.answers.prepare(i.groups, i.until)
	for {
		next := slices.MinFunc(i.groups, func(a, b *group) int { return a.next.Compare(b.next) })
		if next.next.UnixMilli() > i.until {
			break
		}
		next.evaluate(i.begin)
	}
	i.answers.forget(i.groups)
}

// begin names the rule that is evaluated now.
func (i *incident) begin(one *single) {
	i.conditions.begin(one.Group)
	i.answers.asking = one
}
