package main

import (
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// single is one rule as a group of its own, so that it can be evaluated, or left out, without the others of its group.
type single struct {
	*rules.Group
	rule rules.Rule
	expr string
	// constant are labels of the rule that were taken from it.
	constant map[string]string
	// ahead asks for many evaluations at once; nil until it does.
	ahead *rangeQuestion
	// known holds what the expression returns, by the time in milliseconds; nil where nobody has asked ahead.
	known map[int64]promql.Vector
}

func newSingle(of *rules.Group, loaded loadedRule, options *rules.ManagerOptions) *single {
	offset := of.QueryOffset()
	rule := loaded.unused()
	return &single{
		Group: rules.NewGroup(rules.GroupOptions{
			Name:        of.Name(),
			File:        of.File(),
			Interval:    of.Interval(),
			Limit:       of.Limit(),
			Rules:       []rules.Rule{rule},
			Opts:        options,
			QueryOffset: &offset,
		}),
		rule:     rule,
		expr:     loaded.expr.text,
		constant: loaded.constant,
	}
}

// isQuiet is true where an evaluation would change nothing: the expression returns nothing, and no alert of the rule is
// pending or firing. Most evaluations are such.
func (s *single) isQuiet(at time.Time) bool {
	if s.known == nil || len(s.known[at.Add(-s.QueryOffset()).UnixMilli()]) > 0 {
		return false
	}
	alert, ok := s.rule.(*rules.AlertingRule)
	return ok && alert.Health() == rules.HealthGood && alert.State() == rules.StateInactive
}
