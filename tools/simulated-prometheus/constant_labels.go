package main

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// An alerting rule expands each of its labels as a template, for each alert at each evaluation, also where there is nothing
// to expand. Where that can make no difference the labels are taken from the rule, and put on what its expression returns.

// takeConstantLabels takes the labels of a group's rules, by their index; those of a rule that has a template are left.
func takeConstantLabels(group *rulefmt.RuleGroup) map[int]map[string]string {
	taken := map[int]map[string]string{}
	for index := range group.Rules {
		rule := &group.Rules[index]
		all := maps.Clone(group.Labels)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, rule.Labels)
		rule.Labels = all
		if rule.Alert != "" && !haveTemplates(all) {
			rule.Labels, taken[index] = nil, all
		}
	}
	group.Labels = nil
	return taken
}

func haveTemplates(all map[string]string) bool {
	for _, value := range all {
		if strings.Contains(value, "{{") {
			return true
		}
	}
	return false
}

// labelling is the query function with the taken labels on the answer to the rule's own expression.
func (a *answers) labelling(query rules.QueryFunc) rules.QueryFunc {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		vector, err := query(ctx, expr, at)
		if err != nil || len(a.asking.constant) == 0 || expr != a.asking.expr {
			return vector, err
		}
		labelled := make(promql.Vector, len(vector))
		builder := labels.NewBuilder(labels.EmptyLabels())
		for index, sample := range vector {
			builder.Reset(sample.Metric)
			for name, value := range a.asking.constant {
				builder.Set(name, value)
			}
			sample.Metric = builder.Labels()
			labelled[index] = sample
		}
		return labelled, nil
	}
}
