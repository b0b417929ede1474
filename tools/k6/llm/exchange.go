package llm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"firedrill/tools/k6/llm/stream"

	"go.k6.io/k6/v2/lib/netext/httpext"
)

const (
	readBufferBytes = 4 << 10
	maxErrorBody    = 64 << 10
	// How long the end of the body may take after [DONE]. A body read to its
	// end leaves a connection that the next request can use.
	drainTimeout = time.Second
)

// ask is one request, ready to be sent.
type ask struct {
	url     string
	id      string
	headers map[string]string
	body    []byte
	timeout time.Duration // for the whole exchange
	stall   time.Duration // between two pieces of content; 0 for none
}

// exchange is one request and its streamed answer. It runs in the caller's
// goroutine; only the trace's hooks come from others.
type exchange struct {
	ask
	buffer []byte
	tracer httpext.Tracer
	cancel context.CancelCauseFunc
	stalls *time.Timer

	connected atomic.Bool
	written   atomic.Int64 // monotonic, 0 while the request is not written

	parser   stream.Parser
	marks    marks
	at       time.Duration // when the read that is being parsed returned
	usage    *stream.Usage
	finished bool
	doneAt   time.Duration // when [DONE] came, 0 before
	failure  string
}

// result is what came of an exchange.
type result struct {
	started, ended time.Duration
	response       *http.Response // nil where no headers came; its body is closed
	outcome        string
	err            string
	trail          *httpext.Trail
}

// run sends the request and reads the answer to its end. It never fails: how
// it ended is the outcome.
func (x *exchange) run(parent context.Context, transport http.RoundTripper) result {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	x.cancel = cancel
	total := time.AfterFunc(x.timeout, func() { cancel(errTimeout) })
	defer total.Stop()

	r := result{started: since(time.Now())}
	var err error
	r.response, err = x.send(ctx, transport)
	if err == nil {
		r.outcome, r.err = x.receive(ctx, r.response)
	} else {
		at := connecting
		if x.connected.Load() {
			at = awaitingHeaders
		}
		r.outcome, r.err = outcomeOfError(ctx, at, err), describe(ctx, err)
	}
	r.ended = since(time.Now())
	if x.doneAt > 0 {
		r.ended = x.doneAt
	}
	r.trail = x.tracer.Done()
	return r
}

func (x *exchange) send(ctx context.Context, transport http.RoundTripper) (*http.Response, error) {
	trace := x.tracer.Trace()
	gotConn, wrote := trace.GotConn, trace.WroteRequest
	trace.GotConn = func(info httptrace.GotConnInfo) {
		x.connected.Store(true)
		gotConn(info)
	}
	trace.WroteRequest = func(info httptrace.WroteRequestInfo) {
		x.written.Store(int64(since(time.Now())))
		wrote(info)
	}
	request, err := http.NewRequestWithContext(
		httptrace.WithClientTrace(ctx, trace), http.MethodPost, x.url, bytes.NewReader(x.body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("X-Request-Id", x.id)
	for name, value := range x.headers {
		request.Header.Set(name, value)
	}
	return transport.RoundTrip(request)
}

// receive reads the answer and returns the outcome and, for a bad one, why.
func (x *exchange) receive(ctx context.Context, response *http.Response) (outcome, why string) {
	defer response.Body.Close()
	kind := response.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(kind)
	if response.StatusCode == http.StatusOK && media == "text/event-stream" {
		return x.read(ctx, response.Body)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	switch {
	case err != nil:
		return outcomeOfError(ctx, awaitingContent, err), describe(ctx, err)
	case response.StatusCode != http.StatusOK:
		return outcomeOfStatus(response.StatusCode), stream.ErrorText(body)
	default:
		return outcomeDecode, fmt.Sprintf("expected an answer of type text/event-stream, found %q", kind)
	}
}

// read is the read loop. The time is taken when a read returns, before
// anything is parsed; events of one read share it.
func (x *exchange) read(ctx context.Context, body io.Reader) (outcome, why string) {
	if x.stall > 0 {
		x.stalls = time.AfterFunc(x.stall, func() { x.cancel(errStall) })
		defer x.stalls.Stop()
	}
	emit := x.take
	for {
		count, readErr := body.Read(x.buffer)
		x.at = since(time.Now())
		if count > 0 {
			if err := x.parser.Feed(x.buffer[:count], emit); err != nil {
				return outcomeDecode, err.Error()
			}
		}
		switch {
		case readErr == nil:
			continue
		case x.failure != "":
			return outcomeErrorEvent, x.failure
		case x.doneAt > 0, x.finished && errors.Is(readErr, io.EOF):
			return outcomeOK, ""
		}
		at := awaitingContent
		if x.marks.chunks > 0 {
			at = streaming
		}
		return outcomeOfError(ctx, at, readErr), describe(ctx, readErr)
	}
}

// take is one event of the stream.
func (x *exchange) take(event, data []byte) error {
	if x.doneAt > 0 {
		return nil
	}
	c, err := stream.ReadChunk(event, data)
	if err != nil {
		return err
	}
	if c.Content {
		x.marks.content(x.at)
		if x.stalls != nil {
			x.stalls.Reset(x.stall)
		}
	}
	if c.Usage != nil {
		x.usage = c.Usage
	}
	if c.Failure != "" {
		x.failure = c.Failure
	}
	x.finished = x.finished || c.Finished
	if c.Done {
		x.doneAt = x.at
		cancel := x.cancel
		time.AfterFunc(drainTimeout, func() { cancel(nil) })
	}
	return nil
}

// record is the exchange as a line of the spool.
func (x *exchange) record(r result) record {
	line := record{
		ID: x.id, Started: epochMs(r.started), Ended: epochMs(r.ended), E2E: ms(r.ended - r.started),
		OutputTokens: x.marks.chunks, TokensFrom: "chunks", Outcome: r.outcome,
	}
	if x.usage != nil {
		line.OutputTokens, line.TokensFrom = x.usage.CompletionTokens, "usage"
		line.PromptTokens = &x.usage.PromptTokens
	}
	if written := time.Duration(x.written.Load()); x.marks.chunks > 0 && written > 0 {
		line.TTFT = pointer(ms(max(0, x.marks.first-written)))
	}
	if x.marks.chunks > 1 && line.OutputTokens > 1 {
		line.TPOT = pointer(ms((x.marks.last - x.marks.first) / time.Duration(line.OutputTokens-1)))
	}
	if largest, p99, any := x.marks.worst(); any {
		line.GapMax, line.GapP99 = pointer(ms(largest)), pointer(ms(p99))
	}
	if r.err != "" {
		line.Error = &r.err
	}
	if r.response != nil {
		line.Status = r.response.StatusCode
		if upstream := r.response.Header.Get("X-Upstream"); upstream != "" {
			line.Replica = &upstream
		}
	}
	return line
}

// --- Internal helpers ---

func pointer[T any](value T) *T { return &value }

// describe prefers the cause of a cancellation to the network's echo of it.
func describe(ctx context.Context, err error) string {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return stream.Shorten(err.Error())
}
