package main

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// conditions keeps what the expression of each alerting rule returned at each evaluation: the evaluation's own answer, so
// that nobody has to ask again.
type conditions struct {
	group string
	// byRule holds, by group and alert, the series of the expression's result by their labels.
	byRule map[ruleName]map[string]*promql.Series
}

type ruleName struct{ group, alert string }

func newConditions() *conditions {
	return &conditions{byRule: map[ruleName]map[string]*promql.Series{}}
}

// begin names the group whose rules are evaluated now.
func (c *conditions) begin(of *rules.Group) { c.group = of.Name() }

// recording is the query function with a record of the answers to rules' own expressions. Queries of an annotation's
// template come the same way and are none.
func (c *conditions) recording(query rules.QueryFunc) rules.QueryFunc {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		vector, err := query(ctx, expr, at)
		rule := rules.FromOriginContext(ctx)
		if err == nil && rule.Kind == rules.KindAlerting && rule.Query == expr {
			c.record(ruleName{c.group, rule.Name}, at.UnixMilli(), vector)
		}
		return vector, err
	}
}

func (c *conditions) record(name ruleName, at int64, vector promql.Vector) {
	held := c.byRule[name]
	if held == nil {
		held = map[string]*promql.Series{}
		c.byRule[name] = held
	}
	var buffer [1024]byte
	for _, sample := range vector {
		key := sample.Metric.Bytes(buffer[:])
		known := held[string(key)]
		if known == nil {
			known = &promql.Series{Metric: sample.Metric.Copy()}
			held[string(key)] = known
		}
		known.Floats = append(known.Floats, promql.FPoint{T: at, F: sample.F})
	}
}

// matrix is the record of one rule; each series has the rule's name and group beside its own labels.
func (c *conditions) matrix(nameLabel, groupLabel string) promql.Matrix {
	var all promql.Matrix
	for name, held := range c.byRule {
		own := labels.NewBuilder(labels.EmptyLabels())
		own.Set(nameLabel, name.alert).Set(groupLabel, name.group)
		if len(held) == 0 {
			all = append(all, promql.Series{Metric: own.Labels()})
		}
		for _, one := range held {
			with := labels.NewBuilder(one.Metric)
			with.Set(nameLabel, name.alert).Set(groupLabel, name.group)
			all = append(all, promql.Series{Metric: with.Labels(), Floats: one.Floats})
		}
	}
	return all
}
