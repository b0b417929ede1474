package main

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
)

// answers gives rules what their expressions return. Evaluations that are due together are asked of the engine as one range
// query: at each of its steps it returns what an instant query at that time would, for a fraction of the work.
type answers struct {
	engine  *promql.Engine
	data    storage.Queryable
	instant rules.QueryFunc
	// asking is the rule that is evaluated now.
	asking *single
	// areChained is set where a rule reads what another one writes: then each evaluation has to wait for those before it.
	areChained bool
}

// fewest evaluations that are worth a range query.
const fewest = 3

func newAnswers(engine *promql.Engine, data storage.Queryable, areChained bool) *answers {
	return &answers{engine: engine, data: data, instant: rules.EngineQueryFunc(engine, data), areChained: areChained}
}

func (a *answers) query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	if a.asking.known != nil && expr == a.asking.expr {
		return a.asking.known[at.UnixMilli()], nil
	}
	return a.instant(ctx, expr, at)
}

func (a *answers) forget(groups []*group) {
	for _, group := range groups {
		for _, one := range group.singles {
			one.known = nil
		}
	}
}

// prepare asks for all evaluations up to a time. A query that fails is left to the evaluations themselves, which then tell
// at which of them it does.
func (a *answers) prepare(groups []*group, until int64) {
	if a.areChained {
		return
	}
	for _, one := range groups {
		interval := one.Interval()
		count := int64(0)
		if due := until - one.next.UnixMilli(); due >= 0 {
			count = due/interval.Milliseconds() + 1
		}
		if count < fewest {
			continue
		}
		from := one.next.Add(-one.QueryOffset())
		to := from.Add(time.Duration(count-1) * interval)
		for _, single := range one.singles {
			if single.ahead == nil {
				single.ahead = &rangeQuestion{engine: a.engine, data: a.data, expr: single.expr}
			}
			single.known = single.ahead.ask(from, to, interval)
		}
	}
}

// areChained is true where a rule's expression may read what an evaluation writes.
func areChained(groups []loadedGroup) bool {
	for _, one := range groups {
		for _, rule := range one.rules {
			if _, ok := rule.Rule.(*rules.AlertingRule); !ok || readsRules(rule.expr.text) {
				return true
			}
		}
	}
	return false
}

// readsRules is true where an expression may select the samples that evaluations write: those of alerts, and of whatever a
// selector without a plain name matches.
func readsRules(expr string) bool {
	parsed, err := newParser().ParseExpr(expr)
	if err != nil {
		return true
	}
	found := false
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok && !isPlain(selector.LabelMatchers) {
			found = true
		}
		return nil
	})
	return found
}

func isPlain(matchers []*labels.Matcher) bool {
	for _, one := range matchers {
		if one.Name == labels.MetricName && one.Type == labels.MatchEqual {
			return one.Value != "ALERTS" && one.Value != "ALERTS_FOR_STATE"
		}
	}
	return false
}
