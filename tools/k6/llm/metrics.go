package llm

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
)

// llmMetrics are the module's own k6 metrics. A request adds at most eight
// samples: k6 keeps every value of a Trend, so chunks must not be samples.
type llmMetrics struct {
	ttft, tpot, e2e        *metrics.Metric
	gapMax, gapP99         *metrics.Metric
	outputTokens, requests *metrics.Metric
	goodput                *metrics.Metric
}

func registerMetrics(registry *metrics.Registry) (llmMetrics, error) {
	var m llmMetrics
	var err error
	register := func(name string, kind metrics.MetricType, contains metrics.ValueType) *metrics.Metric {
		metric, failed := registry.NewMetric(name, kind, contains)
		if failed != nil {
			err = failed
		}
		return metric
	}
	m.ttft = register("llm_ttft", metrics.Trend, metrics.Time)
	m.tpot = register("llm_tpot", metrics.Trend, metrics.Time)
	m.e2e = register("llm_e2e", metrics.Trend, metrics.Time)
	m.gapMax = register("llm_gap_max", metrics.Trend, metrics.Time)
	m.gapP99 = register("llm_gap_p99", metrics.Trend, metrics.Time)
	m.outputTokens = register("llm_output_tokens", metrics.Counter, metrics.Default)
	m.requests = register("llm_requests", metrics.Counter, metrics.Default)
	m.goodput = register("llm_goodput", metrics.Rate, metrics.Default)
	return m, err
}

// counts are of the whole process, for progress.
type counts struct{ started, finished, failed atomic.Int64 }

func (c *counts) inFlight() int64 { return c.started.Load() - c.finished.Load() }

// emit pushes the samples of a finished request. Only llm_requests carries the
// outcome, and llm_e2e is of whole answers only: failures would shorten it.
// They are pushed even when k6 has stopped the virtual user, as its own samples
// of the iteration are: a stopped request is one of those that were asked for.
func (m *llmMetrics) emit(state *lib.State, line *record, objectives *slo) {
	tags := state.Tags.GetCurrentValues().Tags
	at := time.Now()
	samples := make(metrics.Samples, 0, 8)
	add := func(metric *metrics.Metric, tags *metrics.TagSet, value float64) {
		samples = append(samples, metrics.Sample{
			TimeSeries: metrics.TimeSeries{Metric: metric, Tags: tags}, Time: at, Value: value,
		})
	}
	trend := func(metric *metrics.Metric, value *float64) {
		if value != nil {
			add(metric, tags, *value)
		}
	}
	add(m.requests, tags.With("outcome", line.Outcome), 1)
	add(m.outputTokens, tags, float64(line.OutputTokens))
	trend(m.ttft, line.TTFT)
	trend(m.tpot, line.TPOT)
	trend(m.gapMax, line.GapMax)
	trend(m.gapP99, line.GapP99)
	if line.Outcome == outcomeOK {
		add(m.e2e, tags, line.E2E)
	}
	if objectives != nil {
		good := 0.0
		if objectives.good(line) {
			good = 1
		}
		add(m.goodput, tags, good)
	}
	state.Samples <- samples
}

// emitHTTP pushes k6's own http_req_* for the request, tagged as k6/http does.
func emitHTTP(ctx context.Context, state *lib.State, x *exchange, r result) {
	trail := r.trail
	tagged := state.Tags.GetCurrentValues()
	enabled := state.Options.SystemTags
	ok := r.outcome == outcomeOK
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagName, x.url)
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagURL, x.url)
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagMethod, "POST")
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagExpectedResponse, strconv.FormatBool(ok))
	status := 0
	if x.response != nil {
		status = x.response.StatusCode
		tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagProto, x.response.Proto)
	}
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagStatus, strconv.Itoa(status))
	trail.SaveSamples(state.BuiltinMetrics, &tagged)
	failed := metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: state.BuiltinMetrics.HTTPReqFailed, Tags: tagged.Tags},
		Time:       trail.EndTime,
		Metadata:   tagged.Metadata,
	}
	trail.Failed.Valid, trail.Failed.Bool = true, !ok
	if !ok {
		failed.Value = 1
	}
	trail.Samples = append(trail.Samples, failed)
	metrics.PushIfNotDone(ctx, state.Samples, trail)
}
