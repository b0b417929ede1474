package llm

import (
	"fmt"
	"net/http"
	"time"

	"github.com/grafana/sobek"
)

// Client is what a virtual user holds. It is used by one goroutine.
type Client struct {
	module    *moduleInstance
	base      string
	headers   map[string]string // as the script gave them
	key       apiKey
	limits    limits
	slo       *slo
	spoolPath string

	ready   bool // what the first request needs is there
	header  http.Header
	spool   *spool
	scratch *scratch
}

// chat asks /v1/chat/completions. The body is OpenAI's, with whatever else the
// server understands. It returns the request's record, also when it failed.
func (c *Client) chat(call sobek.FunctionCall) (any, error) {
	return c.ask("/v1/chat/completions", call)
}

// completions asks /v1/completions in the same way.
func (c *Client) completions(call sobek.FunctionCall) (any, error) {
	return c.ask("/v1/completions", call)
}

func (c *Client) ask(path string, call sobek.FunctionCall) (any, error) {
	started := now()
	state, ctx := c.module.vu.State(), c.module.vu.Context()
	if err := c.prepare(); err != nil {
		return nil, err
	}
	request, err := c.request(path, started, call)
	if err != nil {
		return nil, err
	}
	if state.RPSLimit != nil {
		if err := state.RPSLimit.Wait(ctx); err != nil {
			return nil, err
		}
	}

	counts := c.module.counts
	counts.started.Add(1)
	x := exchange{ask: request, scratch: c.scratch}
	r := x.run(ctx, c.module.transport.take(state))
	var recording place
	recording.enter(ctx)
	defer recording.close()
	counts.finished.Add(1)
	if r.outcome != outcomeOK {
		counts.failed.Add(1)
	}

	line := x.record(r)
	line.VU, line.Iteration = state.VUID, state.Iteration
	c.module.metrics.emit(state, &line, c.slo)
	emitHTTP(ctx, state, &x, r)
	if c.spool != nil {
		if err := c.spool.write(&line); err != nil {
			return nil, fmt.Errorf("cannot write to the spool: %w", err)
		}
	}
	var text *string
	if x.wantText {
		text = pointer(x.text.String())
	}
	return line.object(c.module.vu.Runtime(), text), nil
}

// prepare is for the first call of a virtual user.
func (c *Client) prepare() error {
	if c.module.vu.State() == nil {
		return errInit
	}
	if c.ready {
		return nil
	}
	key, err := c.key.value(c.module.secrets)
	if err != nil {
		return err
	}
	header := make(http.Header, len(c.headers)+2)
	if key != "" {
		header.Set("Authorization", "Bearer "+key)
	}
	if agent := c.module.vu.State().Options.UserAgent.String; agent != "" {
		header.Set("User-Agent", agent)
	}
	for name, value := range c.headers {
		header.Set(name, value)
	}
	if c.spoolPath != "" {
		if c.spool, err = openSpool(c.spoolPath); err != nil {
			return fmt.Errorf("cannot open the spool: %w", err)
		}
	}
	c.header, c.scratch, c.ready = header, new(scratch), true
	return nil
}

func (c *Client) request(path string, started time.Duration, call sobek.FunctionCall) (ask, error) {
	rt := c.module.vu.Runtime()
	p, err := readParams(rt, call.Argument(1))
	if err != nil {
		return ask{}, err
	}
	body, err := encodeBody(rt, call.Argument(0), p.whole)
	if err != nil {
		return ask{}, err
	}
	return ask{
		params: p, url: c.base + path, header: c.header, body: body, limits: c.limits, started: started,
	}, nil
}
