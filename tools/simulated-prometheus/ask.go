package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// askRequest is a question. Times are milliseconds since the epoch.
type askRequest struct {
	// Kind is `query`, `range`, `rules`, `names` (of all metrics, whatever the times) or `conditions`.
	Kind string `json:"kind"`
	Expr string `json:"expr"`
	At   int64  `json:"at"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Step int64  `json:"step"`
	// NameLabel and GroupLabel say whose condition a series is.
	NameLabel  string `json:"nameLabel"`
	GroupLabel string `json:"groupLabel"`
}

func (i *incident) ask(payload []byte) ([]byte, error) {
	var request askRequest
	if err := json.Unmarshal(payload, &request); err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	if request.Kind != "query" || i.answers.areChained || readsRules(request.Expr) {
		i.settle()
	}
	switch request.Kind {
	case "query":
		query, err := i.engine.NewInstantQuery(context.Background(), i.memory, nil, request.Expr, timestamp.Time(request.At))
		return answerQuery(query, err)
	case "range":
		query, err := i.engine.NewRangeQuery(
			context.Background(), i.memory, nil, request.Expr,
			timestamp.Time(request.From), timestamp.Time(request.To), time.Duration(request.Step)*time.Millisecond,
		)
		return answerQuery(query, err)
	case "rules":
		return i.ruleGroups()
	case "names":
		return json.Marshal(i.memory.metricNames(request.From, request.To))
	case "conditions":
		return resultJSON(i.conditions.matrix(request.NameLabel, request.GroupLabel)), nil
	default:
		return nil, fmt.Errorf("expected a kind of question, found %q", request.Kind)
	}
}

func answerQuery(query promql.Query, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return nil, result.Err
	}
	return resultJSON(result.Value), nil
}

// The parts of /api/v1/rules that firedrill reads.
type groupJSON struct {
	Name           string     `json:"name"`
	File           string     `json:"file"`
	Interval       float64    `json:"interval"`
	LastEvaluation time.Time  `json:"lastEvaluation"`
	Rules          []ruleJSON `json:"rules"`
}

type ruleJSON struct {
	Type           string            `json:"type"`
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Duration       float64           `json:"duration"`
	KeepFiringFor  float64           `json:"keepFiringFor"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	Health         string            `json:"health"`
	LastError      string            `json:"lastError"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	State          string            `json:"state"`
}

func (i *incident) ruleGroups() ([]byte, error) {
	groups := make([]groupJSON, 0, len(i.groups))
	for _, one := range i.groups {
		found := make([]ruleJSON, 0, len(one.singles))
		for _, single := range one.singles {
			if alert, ok := single.rule.(*rules.AlertingRule); ok {
				found = append(found, describeAlert(alert, single.constant, one.last))
			}
		}
		groups = append(groups, groupJSON{one.Name(), one.File(), one.Interval().Seconds(), one.last, found})
	}
	return json.Marshal(map[string]any{"groups": groups})
}

func describeAlert(alert *rules.AlertingRule, constant map[string]string, last time.Time) ruleJSON {
	of := alert.Labels().Map()
	maps.Copy(of, constant)
	failure := ""
	if err := alert.LastError(); err != nil {
		failure = err.Error()
	}
	return ruleJSON{
		Type:           "alerting",
		Name:           alert.Name(),
		Query:          alert.Query().String(),
		Duration:       alert.HoldDuration().Seconds(),
		KeepFiringFor:  alert.KeepFiringFor().Seconds(),
		Labels:         of,
		Annotations:    alert.Annotations().Map(),
		Health:         string(alert.Health()),
		LastError:      failure,
		LastEvaluation: last,
		State:          alert.State().String(),
	}
}
