package llm

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"firedrill/tools/k6/llm/histogram"
	"firedrill/tools/k6/llm/stream"

	"go.k6.io/k6/v2/lib/netext/httpext"
)

// ask is one request, ready to be sent.
type ask struct {
	params
	url     string
	header  http.Header
	body    []byte
	limits  limits
	started time.Duration // when the script called, or when the request was let go
}

// scratch is the memory that a virtual user's exchanges share, one after the other.
type scratch struct {
	buffer [4 << 10]byte
	parser stream.Parser
	reader stream.Reader
	gaps   histogram.Histogram
}

// exchange is one request and its answer. It runs in the caller's goroutine;
// only the trace's hooks and the timers come from others.
type exchange struct {
	ask
	*scratch
	tracer  httpext.Tracer
	timers  timers
	sending sending

	response *http.Response // nil before the headers; its body is closed in the end
	marks    marks
	at       time.Duration // when the read that is being parsed returned
	over     time.Duration // when the answer said that it is over, 0 before
	usage    *stream.Usage
	finish   string
	failure  string
	text     strings.Builder
}

// result is how an exchange ended.
type result struct {
	ended   time.Duration
	outcome string
	err     string
	trail   *httpext.Trail
}

// run sends the request and reads the answer to its end. It never fails: how
// it ended is the outcome.
func (x *exchange) run(parent context.Context, transport http.RoundTripper) result {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	if x.whole {
		x.limits.firstToken = 0
	}
	if x.intended != nil {
		if due := sinceEpochMs(*x.intended); due > x.started {
			x.sending.departure.due = due
		}
	}
	x.timers.arm(x.limits, x.leaveAfter, max(x.started, x.sending.departure.due), cancel)
	defer x.timers.stop()
	x.parser.Reset()
	x.reader.Reset(x.wantText)
	x.gaps.Reset()
	x.marks.gaps = &x.gaps

	var r result
	response, err := x.send(ctx, transport)
	if err == nil {
		x.response = response
		r.outcome, r.err = x.receive(ctx)
	} else {
		r.outcome, r.err = x.broken(ctx, err)
	}
	r.ended = now()
	if x.over > 0 {
		r.ended = x.over
	}
	r.trail = x.tracer.Done()
	x.sending.departure.outOf(r.trail)
	if left := x.sending.departure.left.Load(); left > 0 {
		x.started = time.Duration(left)
	}
	return r
}

// send returns with the headers of the answer.
func (x *exchange) send(ctx context.Context, transport http.RoundTripper) (*http.Response, error) {
	trace := x.tracer.Trace()
	x.sending.hook(ctx, trace, &x.timers, len(x.body))
	x.sending.passTurnstile(ctx, trace)
	defer x.sending.place.close()
	ctx = context.WithValue(httptrace.WithClientTrace(ctx, trace), sendingKey{}, &x.sending)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, x.url, nil)
	if err != nil {
		return nil, err
	}
	x.sending.attach(request, x.body)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", x.mediaType())
	// Compressed events come when the compressor likes.
	request.Header.Set("Accept-Encoding", "identity")
	addHeader(request, x.header)
	// After them: records and the server's log are joined by it.
	request.Header.Set("X-Request-Id", x.id)
	return transport.RoundTrip(request)
}

// addHeader puts the client's header over what the request has.
func addHeader(request *http.Request, header http.Header) {
	maps.Copy(request.Header, header)
	// net/http looks for this one elsewhere.
	if host := header.Get("Host"); host != "" {
		request.Host = host
	}
}

func (x *exchange) mediaType() string {
	if x.whole {
		return "application/json"
	}
	return "text/event-stream"
}

// broken is the outcome of an error, and why. A cancellation's cause says more
// than the network's echo of it.
func (x *exchange) broken(ctx context.Context, err error) (outcome, why string) {
	outcome = outcomeOfError(ctx, x.phase(), err)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return outcome, stream.Shorten(err.Error())
}

func (x *exchange) phase() phase {
	switch {
	case x.marks.chunks > 0, x.whole && x.response != nil:
		return streaming
	case x.response != nil:
		return awaitingContent
	case x.sending.connected > 0:
		return awaitingHeaders
	default:
		return connecting
	}
}
