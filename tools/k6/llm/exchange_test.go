package llm

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.k6.io/k6/v2/lib/netext/httpext"
)

const text = `data: {"choices":[{"delta":{"content":"a"}}]}` + "\n\n"

// server answers every request with handle, as a text/event-stream unless it says otherwise.
func server(t *testing.T, handle func(w http.ResponseWriter, flush func(string), r *http.Request)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only then does the server notice that the client has gone.
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		flush := func(piece string) {
			fmt.Fprint(w, piece)
			w.(http.Flusher).Flush()
		}
		handle(w, flush, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func exchangeWith(url string) *exchange {
	return &exchange{
		ask:    ask{url: url, id: "test-1", body: []byte(`{"model":"tiny"}`), timeout: 5 * time.Second},
		buffer: make([]byte, readBufferBytes),
	}
}

func ended(t *testing.T, x *exchange) record {
	t.Helper()
	return x.record(x.run(t.Context(), http.DefaultTransport))
}

func TestRecordedStreamsGiveTheirTokens(t *testing.T) {
	want := map[string][2]int{"chat-stream.sse": {15, 8}, "completions-stream.sse": {4, 4}}
	for name, tokens := range want {
		body := recording(t, name)
		s := server(t, func(w http.ResponseWriter, flush func(string), r *http.Request) {
			w.Header().Set("X-Upstream", "vllm-0")
			if r.Header.Get("X-Request-Id") != "test-1" {
				t.Errorf("got the request id %q", r.Header.Get("X-Request-Id"))
			}
			flush(body)
		})
		line := ended(t, exchangeWith(s.URL))
		if line.Outcome != outcomeOK || line.Error != nil || line.Status != 200 || line.TokensFrom != "usage" {
			t.Errorf("%s: %+v", name, line)
		}
		if line.PromptTokens == nil || [2]int{*line.PromptTokens, line.OutputTokens} != tokens {
			t.Errorf("%s: prompt %v, output %d, want %v", name, line.PromptTokens, line.OutputTokens, tokens)
		}
		if line.Replica == nil || *line.Replica != "vllm-0" {
			t.Errorf("%s: replica %v", name, line.Replica)
		}
	}
}

func TestTimesAreThoseOfTheWire(t *testing.T) {
	const first, gap, stall, slack = 60 * time.Millisecond, 20 * time.Millisecond, 150 * time.Millisecond, 40.0
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
		// The role chunk comes early, and is not the first token.
		flush(`data: {"choices":[{"delta":{"role":"assistant","content":""}}]}` + "\n\n")
		time.Sleep(first)
		flush(text)
		for range 4 {
			time.Sleep(gap)
			flush(text)
		}
		time.Sleep(stall)
		flush(text + "data: [DONE]\n\n")
	})
	x := exchangeWith(s.URL)
	before := time.Now()
	line := ended(t, x)
	near := func(name string, got *float64, want float64) {
		if got == nil || *got < want-1 || *got > want+slack {
			t.Errorf("%s: got %v, want about %v ms", name, got, want)
		}
	}
	near("ttft", line.TTFT, 60)
	near("tpot", line.TPOT, (4*20+150)/5.0)
	near("gapMax", line.GapMax, 150)
	near("gapP99", line.GapP99, 150)
	near("e2e", &line.E2E, 60+4*20+150)
	started := line.Started - float64(before.UnixMicro())/1_000
	near("started", &started, 0)
	if whole := line.Ended - line.Started; whole-line.E2E > 0.01 || line.E2E-whole > 0.01 {
		t.Errorf("e2e %v, ended − started %v", line.E2E, whole)
	}
	if line.OutputTokens != 6 || line.TokensFrom != "chunks" || line.Outcome != outcomeOK {
		t.Errorf("%+v", line)
	}
}

// A user's wait includes the dial; the server's time to its first token does not.
func TestTTFTCountsFromTheWrittenRequest(t *testing.T) {
	const dial = 100 * time.Millisecond
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush(text + "data: [DONE]\n\n") })
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(dial)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	x := exchangeWith(s.URL)
	line := x.record(x.run(t.Context(), transport))
	if line.TTFT == nil || *line.TTFT > ms(dial)/2 || line.E2E < ms(dial) {
		t.Errorf("%+v, ttft %v", line, line.TTFT)
	}
}

func TestEveryEndHasItsOutcome(t *testing.T) {
	hang := func(r *http.Request) { <-r.Context().Done() }
	tests := map[string]struct {
		handle  func(w http.ResponseWriter, flush func(string), r *http.Request)
		prepare func(x *exchange)
		want    string
		status  int
		chunks  int
		says    string
	}{
		"finish reason but no [DONE]": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
				flush(text + `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n")
			},
			want: outcomeOK, status: 200, chunks: 1,
		},
		"the stream ends in the middle": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush(text + text) },
			want:   outcomeTruncated, status: 200, chunks: 2, says: "EOF",
		},
		"the server dies in the middle": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
				flush(text)
				time.Sleep(20 * time.Millisecond)
				panic(http.ErrAbortHandler)
			},
			want: outcomeTruncated, status: 200, chunks: 1, says: "EOF",
		},
		"the connection is reset in the middle": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) {
				flush(text)
				time.Sleep(20 * time.Millisecond)
				reset(w)
			},
			want: outcomeReset, status: 200, chunks: 1, says: "reset",
		},
		"the connection is reset at once": {
			handle: func(w http.ResponseWriter, _ func(string), _ *http.Request) { reset(w) },
			want:   outcomeReset, says: "reset",
		},
		"an error event": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
				flush(text + `data: {"error": {"message": "no memory", "code": 500}}` + "\n\ndata: [DONE]\n\n")
			},
			want: outcomeErrorEvent, status: 200, chunks: 1, says: "no memory",
		},
		"no chunks of this API": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush("data: hello\n\n") },
			want:   outcomeDecode, status: 200, says: "hello",
		},
		"no event stream": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				flush("<p>")
			},
			want: outcomeDecode, status: 200, says: "text/html",
		},
		"429": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) {
				w.WriteHeader(429)
				flush(`{"error":{"message":"slow down"}}`)
			},
			want: outcomeHTTP429, status: 429, says: "slow down",
		},
		"400": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) { w.WriteHeader(400); flush("bad") },
			want:   outcomeHTTP4xx, status: 400, says: "bad",
		},
		"503": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) { w.WriteHeader(503); flush("none") },
			want:   outcomeHTTP5xx, status: 503, says: "none",
		},
		"no headers in time": {
			handle:  func(_ http.ResponseWriter, _ func(string), r *http.Request) { hang(r) },
			prepare: func(x *exchange) { x.timeout = 50 * time.Millisecond },
			want:    outcomeTimeoutHeaders, says: "timeout",
		},
		"no token in time": {
			handle:  func(_ http.ResponseWriter, flush func(string), r *http.Request) { flush(": ping\n\n"); hang(r) },
			prepare: func(x *exchange) { x.timeout = 50 * time.Millisecond },
			want:    outcomeTimeoutFirstToken, status: 200,
		},
		"not whole in time": {
			handle:  func(_ http.ResponseWriter, flush func(string), r *http.Request) { flush(text); hang(r) },
			prepare: func(x *exchange) { x.timeout = 50 * time.Millisecond },
			want:    outcomeTimeoutTotal, status: 200, chunks: 1,
		},
		"stalled": {
			handle: func(_ http.ResponseWriter, flush func(string), r *http.Request) {
				for range 5 {
					flush(text)
					time.Sleep(40 * time.Millisecond)
				}
				hang(r)
			},
			prepare: func(x *exchange) { x.stall = 100 * time.Millisecond },
			want:    outcomeTimeoutStall, status: 200, chunks: 5,
		},
		"connection refused": {
			prepare: func(x *exchange) { x.url = "http://" + freeAddress() },
			want:    outcomeConnectRefused, says: "refused",
		},
		"no TLS": {
			handle:  func(_ http.ResponseWriter, _ func(string), _ *http.Request) {},
			prepare: func(x *exchange) { x.url = strings.Replace(x.url, "http:", "https:", 1) },
			want:    outcomeTLS,
		},
		"unknown name": {
			prepare: func(x *exchange) { x.url = "http://firedrill.invalid" },
			want:    outcomeDNS,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := ""
			if test.handle != nil {
				url = server(t, test.handle).URL
			}
			x := exchangeWith(url)
			if test.prepare != nil {
				test.prepare(x)
			}
			line := ended(t, x)
			if line.Outcome != test.want || line.Status != test.status || x.marks.chunks != test.chunks {
				t.Errorf("got %+v (%v), want %s with status %d and %d chunks", line, value(line.Error), test.want, test.status, test.chunks)
			}
			if (line.Outcome == outcomeOK) != (line.Error == nil) || !strings.Contains(value(line.Error), test.says) {
				t.Errorf("says %q, want %q in it", value(line.Error), test.says)
			}
			if (line.TTFT == nil) != (test.chunks == 0) {
				t.Errorf("ttft %v with %d chunks", line.TTFT, test.chunks)
			}
		})
	}
}

func TestAStoppedUserIsNoTimeout(t *testing.T) {
	s := server(t, func(_ http.ResponseWriter, flush func(string), r *http.Request) {
		flush(text)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	x := exchangeWith(s.URL)
	if line := x.record(x.run(ctx, http.DefaultTransport)); line.Outcome != outcomeStopped || line.OutputTokens != 1 {
		t.Errorf("%+v", line)
	}
}

// The next request finds the connection of the one before, if the body was read to its end.
func TestConnectionsAreUsedAgain(t *testing.T) {
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
		flush(text + "data: [DONE]\n\n")
		time.Sleep(20 * time.Millisecond) // as through a proxy, the end comes in a packet of its own
	})
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	trails := []*httpext.Trail{}
	for range 3 {
		x := exchangeWith(s.URL)
		r := x.run(t.Context(), transport)
		if line := x.record(r); line.Outcome != outcomeOK || line.E2E > 19 {
			t.Errorf("%+v", line)
		}
		trails = append(trails, r.trail)
	}
	if trails[0].ConnReused || !trails[1].ConnReused || !trails[2].ConnReused {
		t.Errorf("reused: %v, %v, %v", trails[0].ConnReused, trails[1].ConnReused, trails[2].ConnReused)
	}
}

func TestSpoolLinesAreWhole(t *testing.T) {
	path := t.TempDir() + "/requests.jsonl"
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			opened, err := openSpool(path)
			if err != nil {
				t.Error(err)
				return
			}
			for range 200 {
				_ = opened.write(record{ID: strings.Repeat("x", 100), Outcome: "ok", TokensFrom: "usage"})
			}
		})
	}
	group.Wait()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	for _, line := range lines {
		if line != lines[0] {
			t.Fatalf("torn line %q", line)
		}
	}
	if len(lines) != 1600 {
		t.Errorf("got %d lines", len(lines))
	}
}

// --- Internal helpers ---

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// freeAddress is one that nobody listens on.
func freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:1"
	}
	defer listener.Close()
	return listener.Addr().String()
}

// reset closes the connection with a RST.
func reset(w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = connection.(*net.TCPConn).SetLinger(0)
	connection.Close()
}

// recording is a stream of a real vLLM 0.32.0.
func recording(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile("stream/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
