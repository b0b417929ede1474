package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// group is one rule group and when it is evaluated next and was evaluated last.
type group struct {
	*rules.Group
	singles []*single
	next    time.Time
	last    time.Time
}

func newGroup(
	loaded *rules.Group, constant map[int]map[string]string, request openRequest, options *rules.ManagerOptions,
) *group {
	singles := make([]*single, 0, len(loaded.Rules()))
	for index, rule := range loaded.Rules() {
		singles = append(singles, newSingle(loaded, rule, constant[index], options))
		if alert, ok := rule.(*rules.AlertingRule); ok {
			// There is no past to be restored: samples of ALERTS are written from the first evaluation on.
			alert.SetRestored(true)
		}
	}
	from := time.UnixMilli(request.From)
	next := loaded.EvalTimestamp(from.UnixNano())
	if request.Aligned {
		next = from.Truncate(loaded.Interval())
	}
	for !next.After(from) {
		next = next.Add(loaded.Interval())
	}
	return &group{Group: loaded, singles: singles, next: next}
}

// evaluate evaluates the rules one after the other, as their group does; `before` is told each that is not quiet.
func (g *group) evaluate(before func(*single)) {
	for _, one := range g.singles {
		if one.isQuiet(g.next) {
			continue
		}
		before(one)
		one.Eval(context.Background(), g.next)
	}
	g.last = g.next
	g.next = g.next.Add(g.Interval())
}

// textLoader gives the rule manager files out of memory.
type textLoader struct {
	texts  map[string]string
	parser parser.Parser
	bare   bool
	// constant takes labels from the rules, by group and index.
	constant map[string]map[int]map[string]string
}

func (l textLoader) Load(
	path string, ignoreUnknown bool, scheme model.ValidationScheme,
) (*rulefmt.RuleGroups, []error) {
	groups, failures := rulefmt.Parse([]byte(l.texts[path]), ignoreUnknown, scheme, l.parser, promslog.NewNopLogger())
	for index, failure := range failures {
		failures[index] = fmt.Errorf("%s: %w", path, failure)
	}
	if l.bare && groups != nil {
		for at := range groups.Groups {
			group := &groups.Groups[at]
			for index := range group.Rules {
				group.Rules[index].Annotations = nil
			}
			// Annotations could tell the difference: their templates see the labels of the expression's result.
			l.constant[rules.GroupKey(path, group.Name)] = takeConstantLabels(group)
		}
	}
	return groups, failures
}

func (l textLoader) Parse(query string) (parser.Expr, error) { return l.parser.ParseExpr(query) }

func sortedKeys[K cmp.Ordered, V any](of map[K]V) []K { return slices.Sorted(maps.Keys(of)) }
