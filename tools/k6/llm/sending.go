package llm

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"firedrill/tools/k6/llm/rxtime"
)

// sending is what is known of a request on its way out.
type sending struct {
	connected time.Duration // 0 before
	reused    bool
	conn      *rxtime.Conn // nil where it does not know its receive times
	place     place
	departure departure
	// When the last of the request was handed to the connection. It is stamped
	// before that write, not after: the goroutine that writes may find a core
	// only after the answer has come, and then its "after" is too late. At most
	// lastPiece bytes are on their way when it is taken.
	written atomic.Int64
}

// lastPiece is also the size of net/http's write buffer: a body up to it is
// written in one piece with the headers, or right after them.
const lastPiece = 4 << 10

// hook adds to the trace. net/http calls GetConn for every attempt; where it
// repeats a request on a fresh connection, the last attempt counts.
func (s *sending) hook(ctx context.Context, trace *httptrace.ClientTrace, t *timers, bodyBytes int) {
	getConn, gotConn := trace.GetConn, trace.GotConn
	trace.GetConn = func(address string) {
		s.connected, s.reused = 0, false
		s.written.Store(0)
		t.connecting()
		getConn(address)
	}
	trace.GotConn = func(info httptrace.GotConnInfo) {
		s.connected, s.reused, s.conn = now(), info.Reused, rxtime.Of(info.Conn)
		t.connected()
		gotConn(info)
		s.hold(ctx, info.Conn)
	}
	if bodyBytes <= lastPiece {
		trace.WroteHeaders = func() { s.written.Store(int64(now())) }
	}
}

// passTurnstile has a place while the request keeps the processor busy: not
// while a name is looked up or a connection is made.
func (s *sending) passTurnstile(ctx context.Context, trace *httptrace.ClientTrace) {
	connect, gotConn, wrote := trace.ConnectStart, trace.GotConn, trace.WroteRequest
	trace.DNSStart = func(httptrace.DNSStartInfo) { s.place.leave() }
	trace.ConnectStart = func(network, address string) {
		s.place.leave()
		connect(network, address)
	}
	trace.GotConn = func(info httptrace.GotConnInfo) {
		gotConn(info)
		s.place.enter(ctx)
	}
	trace.WroteRequest = func(info httptrace.WroteRequestInfo) {
		s.place.close()
		wrote(info)
	}
	s.place.enter(ctx)
}

// hold lets the first bytes of the request go when it is time. A connection that
// carries other requests as well must not be held up: there, nothing is written
// before.
func (s *sending) hold(ctx context.Context, conn net.Conn) {
	if s.departure.due == 0 {
		s.conn.Hold(nil)
		return
	}
	s.departure.connected.Store(s.departure.left.Load() == 0)
	if s.conn == nil || isHTTP2(conn) {
		s.place.leave()
		_ = s.departure.await(ctx) // net/http asks the context itself
		return
	}
	s.conn.Hold(func(write func() (int, error)) (int, error) {
		s.place.leave()
		isAll := s.written.Swap(0) != 0
		return s.departure.pass(ctx, func() (int, error) {
			if isAll {
				s.written.Store(int64(now()))
			}
			return write()
		})
	})
}

// awaitDial is for the dialer.
func (s *sending) awaitDial(ctx context.Context) error {
	s.place.leave()
	return s.departure.await(ctx)
}

func isHTTP2(conn net.Conn) bool {
	secure, ok := conn.(*tls.Conn)
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// attach gives the request its body. Small bodies stay a bytes.Reader, which
// net/http writes together with the headers.
func (s *sending) attach(request *http.Request, body []byte) {
	request.ContentLength = int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) {
		if len(body) <= lastPiece {
			return io.NopCloser(bytes.NewReader(body)), nil
		}
		return &largeBody{rest: body, written: &s.written}, nil
	}
	request.Body, _ = request.GetBody()
}

// largeBody hands out its last piece by itself and stamps that.
type largeBody struct {
	rest    []byte
	written *atomic.Int64
}

func (b *largeBody) Read(p []byte) (int, error) {
	left := len(b.rest)
	if left == 0 {
		return 0, io.EOF
	}
	if left > lastPiece {
		p = p[:min(len(p), left-lastPiece)]
	} else {
		b.written.Store(int64(now()))
	}
	count := copy(p, b.rest)
	b.rest = b.rest[count:]
	return count, nil
}

func (b *largeBody) Close() error { return nil }
