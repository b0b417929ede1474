package llm

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// Client is what a virtual user holds. It is used by one goroutine.
type Client struct {
	module    *moduleInstance
	base      string
	headers   map[string]string
	timeout   time.Duration
	stall     time.Duration
	spoolPath string
	spool     *spool
	buffer    []byte
	gaps      []time.Duration
}

// Chat asks /v1/chat/completions and reads the stream to its end. The body is
// OpenAI's, with whatever else the server understands; `stream` and the usage
// chunk are set here. It returns the request's record, also when it failed.
func (c *Client) Chat(body map[string]any, params map[string]any) (map[string]any, error) {
	return c.ask("/v1/chat/completions", body, params)
}

// Completions asks /v1/completions in the same way.
func (c *Client) Completions(body map[string]any, params map[string]any) (map[string]any, error) {
	return c.ask("/v1/completions", body, params)
}

func (c *Client) ask(path string, body, params map[string]any) (map[string]any, error) {
	state, ctx := c.module.vu.State(), c.module.vu.Context()
	if state == nil {
		return nil, errInit
	}
	request, err := c.prepare(path, body, params)
	if err != nil {
		return nil, err
	}
	if err := c.openSpool(); err != nil {
		return nil, err
	}
	if state.RPSLimit != nil {
		if err := state.RPSLimit.Wait(ctx); err != nil {
			return nil, err
		}
	}

	counts, metrics := c.module.counts, &c.module.metrics
	counts.started.Add(1)
	metrics.emitInFlight(ctx, state, counts.inFlight())
	x := exchange{ask: request, buffer: c.buffer, marks: marks{gaps: c.gaps[:0]}}
	r := x.run(ctx, state.Transport)
	c.gaps = x.marks.gaps
	counts.finished.Add(1)
	if r.outcome != outcomeOK {
		counts.failed.Add(1)
	}

	line := x.record(r)
	line.VU, line.Iteration = state.VUID, state.Iteration
	metrics.emit(ctx, state, line, counts.inFlight())
	emitHTTP(ctx, state, r.trail, request.url, r)
	if c.spool != nil {
		if err := c.spool.write(line); err != nil {
			return nil, fmt.Errorf("llm.Client: cannot write to the spool: %w", err)
		}
	}
	return line.object(), nil
}

func (c *Client) prepare(path string, body, params map[string]any) (ask, error) {
	if body == nil {
		return ask{}, fmt.Errorf("llm.Client: expected a request body such as {model, messages, max_tokens}, found none")
	}
	body["stream"] = true
	body["stream_options"] = map[string]any{"include_usage": true}
	encoded, err := json.Marshal(body)
	if err != nil {
		return ask{}, fmt.Errorf("llm.Client: the request body is not JSON: %w", err)
	}
	id, _ := params["id"].(string)
	if id == "" {
		id = rand.Text()
	}
	return ask{
		url: c.base + path, id: id, headers: c.headers, body: encoded, timeout: c.timeout, stall: c.stall,
	}, nil
}

func (c *Client) openSpool() error {
	if c.spool != nil || c.spoolPath == "" {
		return nil
	}
	opened, err := openSpool(c.spoolPath)
	if err != nil {
		return fmt.Errorf("llm.Client: cannot open the spool: %w", err)
	}
	c.spool = opened
	return nil
}

// object is the record as scripts see it: null where it never came.
func (r record) object() map[string]any {
	return map[string]any{
		"id": r.ID, "started": r.Started, "ended": r.Ended, "e2e": r.E2E,
		"ttft": orNull(r.TTFT), "tpot": orNull(r.TPOT), "gapMax": orNull(r.GapMax), "gapP99": orNull(r.GapP99),
		"promptTokens": orNull(r.PromptTokens), "outputTokens": r.OutputTokens, "tokensFrom": r.TokensFrom,
		"status": r.Status, "outcome": r.Outcome, "error": orNull(r.Error), "replica": orNull(r.Replica),
	}
}

func orNull[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}
