package main

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// rangeQuestion is a rule's expression, asked of the engine at many times at once. It is parsed once where that can be: it
// takes as long as some ten steps.
type rangeQuestion struct {
	engine *promql.Engine
	data   storage.Queryable
	expr   string
	// kept is the query of the last time; nil before the first, and where it cannot be asked again.
	kept      promql.Query
	selectors []*parser.VectorSelector
}

// ask gives what the expression returns, by the time in milliseconds; nil where the engine fails.
func (q *rangeQuestion) ask(from, to time.Time, step time.Duration) map[int64]promql.Vector {
	query, err := q.at(from, to, step)
	if err != nil {
		return nil
	}
	matrix, err := query.Exec(context.Background()).Matrix()
	if err != nil {
		// It still holds what it returned before, which was given back already.
		q.kept = nil
		return nil
	}
	defer query.Close()
	steps := map[int64]promql.Vector{}
	for _, series := range matrix {
		if len(series.Histograms) > 0 {
			return nil
		}
		// The engine takes its memory back when the query is closed.
		metric := series.Metric.Copy()
		for _, point := range series.Floats {
			steps[point.T] = append(steps[point.T], promql.Sample{T: point.T, F: point.F, Metric: metric})
		}
	}
	return steps
}

func (q *rangeQuestion) at(from, to time.Time, step time.Duration) (promql.Query, error) {
	if q.kept == nil {
		query, err := q.engine.NewRangeQuery(context.Background(), q.data, nil, q.expr, from, to, step)
		if err == nil {
			q.keep(query)
		}
		return query, err
	}
	statement := statementOf(q.kept)
	statement.Start, statement.End, statement.Interval = from, to, step
	// The engine looks for series where a selector has none yet.
	for _, selector := range q.selectors {
		selector.Series = nil
	}
	return q.kept, nil
}

// keep remembers a query that can be asked again. Of one with a subquery the engine replaces that by its result, and
// `@ start()` and `@ end()` by a time.
func (q *rangeQuestion) keep(query promql.Query) {
	statement := statementOf(query)
	if statement == nil {
		return
	}
	isAsWritten := true
	var selectors []*parser.VectorSelector
	parser.Inspect(statement.Expr, func(node parser.Node, _ []parser.Node) error {
		switch found := node.(type) {
		case *parser.VectorSelector:
			selectors = append(selectors, found)
			isAsWritten = isAsWritten && found.StartOrEnd == 0
		case *parser.SubqueryExpr:
			isAsWritten = false
		}
		return nil
	})
	if isAsWritten {
		q.kept, q.selectors = query, selectors
	}
}

func statementOf(query promql.Query) *parser.EvalStmt {
	statement, _ := query.Statement().(*parser.EvalStmt)
	return statement
}
