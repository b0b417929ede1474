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
	conditions *conditions
	// named holds series by their number.
	named []series
	// appender holds the samples that are to be committed; nil where there are none.
	appender    storage.Appender
	uncommitted int
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
	// batchSamples are committed together: an appender for each of many small scrapes costs more than their samples do.
	batchSamples = 500
)

// newParser reads PromQL as Prometheus does without feature flags.
func newParser() parser.Parser { return parser.NewParser(parser.Options{}) }

func openIncident(dir string, request openRequest, files *ruleFiles) (*incident, error) {
	options := tsdb.DefaultHeadOptions()
	options.ChunkDirRoot = dir
	options.StripeSize = stripes
	// The whole incident stays in one range: a chunk never ends early.
	options.ChunkRange = (24 * time.Hour).Milliseconds()
	// Nobody reads while somebody writes.
	options.IsolationDisabled = true
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
	opened := &incident{head: head, engine: engine, conditions: newConditions()}
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

func (i *incident) name(number uint32, of labels.Labels) error {
	if int(number) != len(i.named) {
		return fmt.Errorf("expected the series with the number %d, found that with %d", len(i.named), number)
	}
	i.named = append(i.named, series{labels: of})
	return nil
}

// append adds a sample. One that Prometheus would drop with a warning (older than the series' last one) is dropped here too.
func (i *incident) append(number uint32, at int64, v float64) error {
	if int(number) >= len(i.named) {
		return fmt.Errorf("expected a series with the number %d, found none", number)
	}
	if i.uncommitted == batchSamples {
		if err := i.commit(); err != nil {
			return err
		}
	}
	if i.appender == nil {
		i.appender = i.head.Appender(context.Background())
	}
	i.uncommitted++
	known := &i.named[number]
	ref, err := i.appender.Append(known.ref, known.labels, at, v)
	if err == nil {
		known.ref = ref
		return nil
	}
	if errors.Is(err, storage.ErrOutOfOrderSample) || errors.Is(err, storage.ErrDuplicateSampleForTimestamp) {
		return nil
	}
	return err
}

// commit makes readable what has been appended. Samples that are out of order among themselves are dropped.
func (i *incident) commit() error {
	if i.appender == nil {
		return nil
	}
	appender := i.appender
	i.appender, i.uncommitted = nil, 0
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
