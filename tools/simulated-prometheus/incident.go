package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
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

// incident is one run's samples, rules and clock.
type incident struct {
	memory  *memory
	engine  *promql.Engine
	groups  []*group
	answers *answers
	// until is the time up to which evaluations are due.
	until      int64
	conditions *conditions
	// named holds series by their number.
	named []*series
}

// openIncident begins an incident; the one before, nil where there was none, is over.
func openIncident(request openRequest, files *ruleFiles, before *incident) *incident {
	var used *memory
	if before != nil {
		used = before.memory
	}
	held := newMemory(used)
	opened := &incident{
		memory: held, engine: files.engine, answers: newAnswers(files.engine, held, files.areChained), conditions: newConditions(),
	}
	ruleOptions := &rules.ManagerOptions{
		QueryFunc:   opened.answers.labelling(opened.conditions.recording(opened.answers.query)),
		NotifyFunc:  func(context.Context, string, ...*rules.Alert) {},
		ExternalURL: &url.URL{},
		Appendable:  held,
		Queryable:   held,
		Metrics:     files.metrics,
	}
	for _, loaded := range files.groups {
		opened.groups = append(opened.groups, newGroup(loaded, request, ruleOptions))
	}
	return opened
}

func (i *incident) name(number uint32, of labels.Labels) error {
	if int(number) != len(i.named) {
		return fmt.Errorf("expected the series with the number %d, found that with %d", len(i.named), number)
	}
	i.named = append(i.named, i.memory.find(of))
	return nil
}

func (i *incident) append(number uint32, at int64, v float64) error {
	if int(number) >= len(i.named) {
		return fmt.Errorf("expected a series with the number %d, found none", number)
	}
	i.memory.append(i.named[number], at, v)
	return nil
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
