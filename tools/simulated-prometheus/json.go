package main

import (
	"encoding/json"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// resultJSON is a query's answer as the HTTP API writes it. By hand: encoding/json takes a microsecond for each of a
// million samples.
func resultJSON(result parser.Value) []byte {
	out := append([]byte(`{"resultType":"`), result.Type()...)
	out = append(out, `","result":`...)
	switch found := result.(type) {
	case promql.Matrix:
		out = list(out, len(found), func(out []byte, at int) []byte {
			one := found[at]
			out = append(metric(out, one.Metric), `,"values":`...)
			out = list(out, len(one.Floats), func(out []byte, at int) []byte {
				return point(out, one.Floats[at].T, one.Floats[at].F)
			})
			return append(out, '}')
		})
	case promql.Vector:
		out = list(out, len(found), func(out []byte, at int) []byte {
			out = append(metric(out, found[at].Metric), `,"value":`...)
			return append(point(out, found[at].T, found[at].F), '}')
		})
	case promql.Scalar:
		out = point(out, found.T, found.V)
	default:
		out = append(out, "null"...)
	}
	return append(out, '}')
}

func list(out []byte, length int, one func(out []byte, at int) []byte) []byte {
	out = append(out, '[')
	for at := range length {
		if at > 0 {
			out = append(out, ',')
		}
		out = one(out, at)
	}
	return append(out, ']')
}

func metric(out []byte, of labels.Labels) []byte {
	// A map of texts can always be written.
	text, _ := json.Marshal(of.Map())
	return append(append(out, `{"metric":`...), text...)
}

// point is `[seconds,"value"]`.
func point(out []byte, at int64, value float64) []byte {
	out = append(out, '[')
	out = strconv.AppendFloat(out, float64(at)/1_000, 'f', -1, 64)
	out = append(out, ',', '"')
	out = strconv.AppendFloat(out, value, 'g', -1, 64)
	return append(out, '"', ']')
}
