package main

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// ruleFiles are an incident's rule files as Prometheus loads them. Most incidents have those of the one before.
type ruleFiles struct {
	texts      map[string]string
	intervalMs int64
	bare       bool
	groups     []loadedGroup
	// areChained is set where a rule reads what another one writes.
	areChained bool
	metrics    *rules.Metrics
	engine     *promql.Engine
}

type loadedGroup struct {
	*rules.Group
	rules []loadedRule
}

// loadedRule is what a rule is made of.
type loadedRule struct {
	rules.Rule
	expr printed
	// constant are labels of the rule that were taken from it.
	constant map[string]string
}

// printed is an expression whose text is known: a rule asks for it several times at each evaluation, and for nothing else.
type printed struct {
	parser.Expr
	text string
}

func (p printed) String() string { return p.text }

func loadRuleFiles(request openRequest) (*ruleFiles, error) {
	if request.EvaluationIntervalMs <= 0 {
		return nil, errors.New("expected an evaluation interval above 0")
	}
	loader := textLoader{
		texts: request.Rules, parser: newParser(), bare: request.Bare, constant: map[string]map[int]map[string]string{},
	}
	options := &rules.ManagerOptions{GroupLoader: loader, Parser: loader.parser}
	manager := rules.NewManager(options)
	interval := time.Duration(request.EvaluationIntervalMs) * time.Millisecond
	loaded, failures := manager.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, sortedKeys(request.Rules)...)
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	files := &ruleFiles{
		texts: request.Rules, intervalMs: request.EvaluationIntervalMs, bare: request.Bare, metrics: options.Metrics,
		engine: newEngine(request.EvaluationIntervalMs),
	}
	for _, key := range sortedKeys(loaded) {
		group := loadedGroup{Group: loaded[key]}
		for index, rule := range group.Rules() {
			expr := printed{rule.Query(), rule.Query().String()}
			group.rules = append(group.rules, loadedRule{rule, expr, loader.constant[key][index]})
		}
		files.groups = append(files.groups, group)
	}
	files.areChained = areChained(files.groups)
	return files, nil
}

// isOf is true where these are the files of an incident.
func (f *ruleFiles) isOf(request openRequest) bool {
	return f.intervalMs == request.EvaluationIntervalMs && f.bare == request.Bare && maps.Equal(f.texts, request.Rules)
}

// unused is the rule for an incident: without state.
func (l loadedRule) unused() rules.Rule {
	alert, ok := l.Rule.(*rules.AlertingRule)
	if !ok {
		return rules.NewRecordingRule(l.Name(), l.expr, l.Labels())
	}
	// There is no past to be restored: samples of ALERTS are written from the first evaluation on.
	const restored = true
	return rules.NewAlertingRule(
		alert.Name(), l.expr, alert.HoldDuration(), alert.KeepFiringFor(), alert.Labels(), alert.Annotations(),
		labels.EmptyLabels(), "", restored, promslog.NewNopLogger(),
	)
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
