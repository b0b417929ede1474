package llm

import (
	"time"

	"firedrill/tools/k6/llm/histogram"

	"github.com/grafana/sobek"
)

// record is one line of the spool: the fields of RequestRecord in
// lib/core/run-folder.ts. Times are milliseconds since the epoch, durations
// milliseconds, null where it never came.
type record struct {
	ID           string             `json:"id"`
	VU           uint64             `json:"vu"`
	Iteration    int64              `json:"iteration"`
	Arrival      *int64             `json:"arrival"`
	Intended     *float64           `json:"intended"`
	Started      float64            `json:"started"`
	Connected    *float64           `json:"connected"`
	Reused       *bool              `json:"reused"`
	Written      *float64           `json:"written"`
	Ended        float64            `json:"ended"`
	FirstEvent   *float64           `json:"firstEvent"`
	FirstChoice  *float64           `json:"firstChoice"`
	TTFT         *float64           `json:"ttft"`
	FirstAnswer  *float64           `json:"firstAnswer"`
	TPOT         *float64           `json:"tpot"`
	E2E          float64            `json:"e2e"`
	GapMax       *float64           `json:"gapMax"`
	GapP99       *float64           `json:"gapP99"`
	Gaps         []histogram.Bucket `json:"gaps"`
	Chunks       int                `json:"chunks"`
	Coalesced    int                `json:"coalesced"`
	PromptTokens *int               `json:"promptTokens"`
	CachedTokens *int               `json:"cachedTokens"`
	OutputTokens int                `json:"outputTokens"`
	TokensFrom   string             `json:"tokensFrom"`
	FinishReason *string            `json:"finishReason"`
	Status       int                `json:"status"`
	Outcome      string             `json:"outcome"`
	Error        *string            `json:"error"`
	Replica      *string            `json:"replica"`
	Traffic      *string            `json:"traffic"`
	Extra        bool               `json:"extra"`
}

// record is the exchange as a line of the spool.
func (x *exchange) record(r result) record {
	line := record{
		ID: x.id, Arrival: x.arrival, Intended: x.intended,
		Started: epochMs(x.started), Ended: epochMs(r.ended), E2E: ms(r.ended - x.started),
		Gaps: x.gaps.Buckets(), Chunks: x.marks.chunks, Coalesced: x.marks.coalesced,
		OutputTokens: x.marks.chunks, TokensFrom: "chunks", Outcome: r.outcome,
		FinishReason: unlessEmpty(x.finish), Error: unlessEmpty(r.err),
		Traffic: unlessEmpty(x.traffic), Extra: x.extra,
	}
	x.recordSending(&line)
	if x.usage != nil {
		// A usage of none beside content was sent before there was any.
		if x.usage.CompletionTokens > 0 || x.marks.chunks == 0 {
			line.OutputTokens, line.TokensFrom = x.usage.CompletionTokens, "usage"
		}
		line.PromptTokens, line.CachedTokens = &x.usage.PromptTokens, x.usage.Details.CachedTokens
	}
	if x.marks.chunks > 1 {
		line.GapMax, line.GapP99 = pointer(ms(x.gaps.Max())), pointer(ms(x.gaps.Percentile(99)))
		if line.OutputTokens > 1 {
			line.TPOT = pointer(ms((x.marks.last - x.marks.firstContent) / time.Duration(line.OutputTokens-1)))
		}
	}
	if x.response != nil {
		line.Status = x.response.StatusCode
		line.Replica = unlessEmpty(x.response.Header.Get("X-Upstream"))
	}
	return line
}

func (x *exchange) recordSending(line *record) {
	if x.sending.connected > 0 {
		line.Connected, line.Reused = pointer(epochMs(max(x.sending.connected, x.started))), &x.sending.reused
	}
	written := time.Duration(x.sending.written.Load())
	if written == 0 {
		return
	}
	line.Written = pointer(epochMs(written))
	// A server may answer before it has heard all of the request.
	after := func(mark time.Duration) *float64 {
		if mark == 0 {
			return nil
		}
		return pointer(ms(max(0, mark-written)))
	}
	line.FirstEvent, line.FirstChoice = after(x.marks.firstEvent), after(x.marks.firstChoice)
	line.TTFT, line.FirstAnswer = after(x.marks.firstContent), after(x.marks.firstAnswer)
}

// object is the record as scripts see it, its fields in the record's order.
func (r *record) object(rt *sobek.Runtime, text *string) *sobek.Object {
	object := rt.NewObject()
	for _, field := range []struct {
		name  string
		value any
	}{
		{"id", r.ID},
		{"vu", r.VU},
		{"iteration", r.Iteration},
		{"arrival", orNull(r.Arrival)},
		{"intended", orNull(r.Intended)},
		{"started", r.Started},
		{"connected", orNull(r.Connected)},
		{"reused", orNull(r.Reused)},
		{"written", orNull(r.Written)},
		{"ended", r.Ended},
		{"firstEvent", orNull(r.FirstEvent)},
		{"firstChoice", orNull(r.FirstChoice)},
		{"ttft", orNull(r.TTFT)},
		{"firstAnswer", orNull(r.FirstAnswer)},
		{"tpot", orNull(r.TPOT)},
		{"e2e", r.E2E},
		{"gapMax", orNull(r.GapMax)},
		{"gapP99", orNull(r.GapP99)},
		{"gaps", r.Gaps},
		{"chunks", r.Chunks},
		{"coalesced", r.Coalesced},
		{"promptTokens", orNull(r.PromptTokens)},
		{"cachedTokens", orNull(r.CachedTokens)},
		{"outputTokens", r.OutputTokens},
		{"tokensFrom", r.TokensFrom},
		{"finishReason", orNull(r.FinishReason)},
		{"status", r.Status},
		{"outcome", r.Outcome},
		{"error", orNull(r.Error)},
		{"replica", orNull(r.Replica)},
		{"traffic", orNull(r.Traffic)},
		{"extra", r.Extra},
		{"text", orNull(text)},
	} {
		_ = object.Set(field.name, field.value)
	}
	return object
}

// --- Internal helpers ---

func pointer[T any](value T) *T { return &value }

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func orNull[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}
