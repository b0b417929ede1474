package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The next request finds the connection of the one before, if the body was read to its end.
func TestConnectionsAreUsedAgain(t *testing.T) {
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
		flush(text + "data: [DONE]\n\n")
		time.Sleep(200 * time.Millisecond) // as through a proxy, the end comes in a packet of its own
	})
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for at := range 3 {
		x := exchangeWith(s.URL)
		r := x.run(t.Context(), transport)
		if line := x.record(r); line.Outcome != outcomeOK || line.E2E > 150 {
			t.Errorf("%+v", line)
		}
		if reused := at > 0; *x.record(r).Reused != reused || r.trail.ConnReused != reused {
			t.Errorf("request %d: reused %v", at, !reused)
		}
	}
}

// breakable is a connection that takes nothing any more once it is broken.
type breakable struct {
	net.Conn
	broken *atomic.Bool
}

func (c breakable) Write(b []byte) (int, error) {
	if c.broken.CompareAndSwap(true, false) {
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(b)
}

// net/http sends a request again where a kept connection turns out to be dead;
// only the last sending counts.
func TestARepeatedRequestCountsFromItsLastSending(t *testing.T) {
	const dial = 400 * time.Millisecond
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush(text + "data: [DONE]\n\n") })
	for _, size := range []int{10, 100 << 10} {
		var broken atomic.Bool
		dials := 0
		transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials > 1 {
				time.Sleep(dial)
			}
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return breakable{conn, &broken}, err
		}}
		x := exchangeWith(s.URL)
		x.run(t.Context(), transport)
		broken.Store(true)
		x = exchangeWith(s.URL)
		x.body = make([]byte, size)
		x.limits.connect, x.limits.firstToken = time.Second, time.Second
		line := x.record(x.run(t.Context(), transport))
		if line.Outcome != outcomeOK || dials != 2 || *line.Reused {
			t.Fatalf("%d bytes: %d dials, %+v (%s)", size, dials, line, value(line.Error))
		}
		if *line.Connected-line.Started < ms(dial) || *line.Written < *line.Connected || *line.TTFT > ms(dial)/2 {
			t.Errorf("%d bytes: %v, connected %v, written %v, ttft %v", size, line.Started, *line.Connected, *line.Written, *line.TTFT)
		}
		transport.CloseIdleConnections()
	}
}

// What is known of a connection that could not be used is not the request's.
func TestARepeatedRequestThatFindsNobodyWasNotWritten(t *testing.T) {
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush(text + "data: [DONE]\n\n") })
	var broken atomic.Bool
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if broken.Load() {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return breakable{conn, &broken}, err
	}}
	defer transport.CloseIdleConnections()
	exchangeWith(s.URL).run(t.Context(), transport)
	broken.Store(true)
	refuse := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		broken.Store(true)
		return refuse(ctx, network, address)
	}
	x := exchangeWith(s.URL)
	line := x.record(x.run(t.Context(), transport))
	if line.Outcome != outcomeConnectRefused || line.Connected != nil || line.Written != nil || line.Reused != nil {
		t.Errorf("%+v (%s)", line, value(line.Error))
	}
}

func TestALargeBodysLastPieceIsSmall(t *testing.T) {
	var written atomic.Int64
	body := largeBody{rest: make([]byte, 100_000), written: &written}
	buffer := make([]byte, 32<<10)
	for left := 100_000; left > 0; {
		count, err := body.Read(buffer)
		if err != nil || (written.Load() > 0) != (left <= lastPiece) {
			t.Fatalf("%d left, read %d, %v, stamped %v", left, count, err, written.Load() > 0)
		}
		left -= count
	}
	written.Store(0)
	if _, err := body.Read(buffer); err != io.EOF || written.Load() != 0 {
		t.Errorf("got %v, stamped %v", err, written.Load() > 0)
	}
}

func TestNoConnectionInTime(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		<-release
		return nil, errors.New("released")
	}}
	tests := map[string]func(x *exchange){
		outcomeTimeoutConnect: func(x *exchange) { x.limits.connect, x.limits.firstToken = 30*time.Millisecond, 10*time.Millisecond },
		outcomeCancelled:      func(x *exchange) { x.leaveAfter = 30 * time.Millisecond },
	}
	for want, prepare := range tests {
		x := exchangeWith("http://127.0.0.1:1")
		prepare(x)
		line := x.record(x.run(t.Context(), transport))
		if line.Outcome != want || line.E2E < 29 || line.E2E > 3_000 || line.Connected != nil || line.Written != nil {
			t.Errorf("got %+v, want %s", line, want)
		}
	}
	// The limit for all of it counts as the phase that it ended.
	x := exchangeWith("http://127.0.0.1:1")
	x.limits.total = 30 * time.Millisecond
	if line := x.record(x.run(t.Context(), transport)); line.Outcome != outcomeTimeoutConnect {
		t.Errorf("%+v", line)
	}
}

// A large body is written in pieces: the time is that of the last one.
func TestWrittenIsTheEndOfALargeBody(t *testing.T) {
	const pause = 800 * time.Millisecond
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(pause) // meanwhile the socket's buffers fill
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, text+"data: [DONE]\n\n")
	}))
	defer s.Close()
	x := exchangeWith(s.URL)
	x.body = make([]byte, 32<<20)
	line := ended(t, x)
	if line.Outcome != outcomeOK || *line.Written-*line.Connected < ms(pause)-1 || *line.TTFT > ms(pause)/2 {
		t.Errorf("%+v: connected %v, written %v, ttft %v", line, *line.Connected, *line.Written, *line.TTFT)
	}
}

// However requests end, no connection stays that is neither a stream in flight nor in the idle pool.
func TestOpenConnectionsNeverExceedStreamsAndPool(t *testing.T) {
	const users, rounds, idle = 20, 12, 3
	var open, streams atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for at := range 6 {
			fmt.Fprint(w, text)
			w.(http.Flusher).Flush()
			if r.Header.Get("X-Request-Id") == "truncated" && at == 2 {
				return
			}
			if r.Header.Get("X-Request-Id") == "failed" && at == 2 {
				fmt.Fprint(w, "data: hello\n\n")
			}
			if r.Header.Get("X-Request-Id") == "reset" && at == 2 {
				reset(w)
				return
			}
			time.Sleep(time.Millisecond)
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
	s.Start()
	defer s.Close()

	transport := &http.Transport{MaxIdleConns: idle, MaxIdleConnsPerHost: idle}
	kinds := []string{"ok", "truncated", "failed", "reset", "cancelled", "late", "stopped"}
	var group sync.WaitGroup
	for user := range users {
		group.Go(func() {
			for round := range rounds {
				x := exchangeWith(s.URL)
				x.id = kinds[(user+round)%len(kinds)]
				switch x.id {
				case "cancelled":
					x.leaveAfterTokens = 2
				case "late":
					x.limits.total = 3 * time.Millisecond
				case "stopped":
					x.leaveAfter = 2 * time.Millisecond
				}
				streams.Add(1)
				x.run(t.Context(), transport)
				streams.Add(-1)
				// The server hears of a closed connection a little later.
				for deadline := time.Now().Add(2 * time.Second); open.Load() > streams.Load()+idle; time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Errorf("%d connections with %d streams in flight and a pool of %d", open.Load(), streams.Load(), idle)
						return
					}
				}
			}
		})
	}
	group.Wait()
	transport.CloseIdleConnections()
	for deadline := time.Now().Add(5 * time.Second); open.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections stay open", open.Load())
		}
	}
}
