package llm

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"
)

// llmMetrics are the module's own k6 metrics. A request adds at most eight
// samples: k6 keeps every value of a Trend, so chunks must not be samples.
type llmMetrics struct {
	ttft, tpot, e2e, gapMax *metrics.Metric
	outputTokens, requests  *metrics.Metric
	inFlight                *metrics.Metric
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
	m.outputTokens = register("llm_output_tokens", metrics.Counter, metrics.Default)
	m.requests = register("llm_requests", metrics.Counter, metrics.Default)
	m.inFlight = register("llm_in_flight", metrics.Gauge, metrics.Default)
	return m, err
}

// counts are of the whole process, for progress and for the gauge.
type counts struct{ started, finished, failed atomic.Int64 }

func (c *counts) inFlight() int64 { return c.started.Load() - c.finished.Load() }

func (m *llmMetrics) emitInFlight(ctx context.Context, state *lib.State, value int64) {
	tags := state.Tags.GetCurrentValues().Tags
	metrics.PushIfNotDone(ctx, state.Samples, metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: m.inFlight, Tags: tags}, Time: time.Now(), Value: float64(value),
	})
}

// emit pushes the samples of a finished request. Only llm_requests carries the
// outcome, and llm_e2e is of whole answers only: failures would shorten it.
func (m *llmMetrics) emit(ctx context.Context, state *lib.State, line record, inFlight int64) {
	tags := state.Tags.GetCurrentValues().Tags
	now := time.Now()
	samples := make(metrics.Samples, 0, 7)
	add := func(metric *metrics.Metric, tags *metrics.TagSet, value float64) {
		samples = append(samples, metrics.Sample{
			TimeSeries: metrics.TimeSeries{Metric: metric, Tags: tags}, Time: now, Value: value,
		})
	}
	trend := func(metric *metrics.Metric, value *float64) {
		if value != nil {
			add(metric, tags, *value)
		}
	}
	add(m.requests, tags.With("outcome", line.Outcome), 1)
	add(m.inFlight, tags, float64(inFlight))
	add(m.outputTokens, tags, float64(line.OutputTokens))
	trend(m.ttft, line.TTFT)
	trend(m.tpot, line.TPOT)
	trend(m.gapMax, line.GapMax)
	if line.Outcome == outcomeOK {
		add(m.e2e, tags, line.E2E)
	}
	metrics.PushIfNotDone(ctx, state.Samples, samples)
}

// emitHTTP pushes k6's own http_req_* for the request, tagged as k6/http does.
func emitHTTP(ctx context.Context, state *lib.State, trail *httpext.Trail, url string, r result) {
	tagged := state.Tags.GetCurrentValues()
	enabled := state.Options.SystemTags
	ok := r.outcome == outcomeOK
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagName, url)
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagURL, url)
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagMethod, "POST")
	tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagExpectedResponse, strconv.FormatBool(ok))
	status := 0
	if r.response != nil {
		status = r.response.StatusCode
		tagged.SetSystemTagOrMetaIfEnabled(enabled, metrics.TagProto, r.response.Proto)
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
