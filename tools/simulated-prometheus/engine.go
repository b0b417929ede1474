package main

import (
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	maxSamplesPerQuery = 50_000_000
	queryTimeout       = 2 * time.Minute
)

// newParser reads PromQL as Prometheus does without feature flags.
func newParser() parser.Parser { return parser.NewParser(parser.Options{}) }

func newEngine(intervalMs int64) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger:               promslog.NewNopLogger(),
		MaxSamples:           maxSamplesPerQuery,
		Timeout:              queryTimeout,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		// A subquery without a step takes the global evaluation interval.
		NoStepSubqueryIntervalFn: func(int64) int64 { return intervalMs },
		Parser:                   newParser(),
	})
}
