package llm

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	plainHead  = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
	streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

	wholeAnswer = `{"choices":[{"index":0,"message":{"role":"assistant","content":"ab"},"finish_reason":"stop"}],` +
		`"usage":{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}}`
)

func TestEveryEndHasItsOutcome(t *testing.T) {
	hang := func(r *http.Request) { <-r.Context().Done() }
	tests := map[string]struct {
		handle  func(w http.ResponseWriter, flush func(string), r *http.Request)
		raw     func(conn *net.TCPConn)
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
		"a server that says nothing": {
			raw:     func(conn *net.TCPConn) { untilGone(conn) },
			prepare: func(x *exchange) { x.limits.firstToken = 50 * time.Millisecond },
			want:    outcomeTimeoutHeaders, says: "first-token timeout",
		},
		"half a header": {
			raw:  func(conn *net.TCPConn) { fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n") },
			want: outcomeReset, says: "EOF",
		},
		"not HTTP": {
			raw:  func(conn *net.TCPConn) { fmt.Fprint(conn, "220 mail.example ESMTP\r\n\r\n") },
			want: outcomeOther, says: "malformed",
		},
		"closed in the middle of a chunk": {
			raw:  func(conn *net.TCPConn) { fmt.Fprintf(conn, "%s%x\r\n%s", streamHead, len(text)+9, text) },
			want: outcomeTruncated, status: 200, chunks: 1, says: "EOF",
		},
		"closed without chunking and without a finish reason": {
			raw:  func(conn *net.TCPConn) { fmt.Fprint(conn, plainHead+text) },
			want: outcomeTruncated, status: 200, chunks: 1, says: "EOF",
		},
		"closed without chunking after the finish reason": {
			raw: func(conn *net.TCPConn) {
				fmt.Fprint(conn, plainHead+text+`data: {"choices":[{"delta":{},"finish_reason":"length"}]}`+"\n\n")
			},
			want: outcomeOK, status: 200, chunks: 1,
		},
		"a compressed answer that nobody asked for": {
			raw: func(conn *net.TCPConn) {
				fmt.Fprint(conn, strings.Replace(plainHead, "\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1)+"\x1f\x8b")
			},
			want: outcomeDecode, status: 200, says: "gzip",
		},
		"an endless comment": {
			raw: func(conn *net.TCPConn) {
				fmt.Fprint(conn, plainHead+text+": ")
				for noise := []byte(strings.Repeat("x", 64<<10)); ; {
					if _, err := conn.Write(noise); err != nil {
						return
					}
				}
			},
			prepare: func(x *exchange) { x.limits.stall = 100 * time.Millisecond },
			want:    outcomeTimeoutStall, status: 200, chunks: 1,
		},
		"endless pings": {
			handle: func(_ http.ResponseWriter, flush func(string), r *http.Request) {
				for r.Context().Err() == nil {
					flush(": ping\n\nevent: ping\ndata: {}\n\n")
					time.Sleep(10 * time.Millisecond)
				}
			},
			prepare: func(x *exchange) { x.limits.firstToken, x.limits.stall = 400*time.Millisecond, 20*time.Millisecond },
			want:    outcomeTimeoutFirstToken, status: 200,
		},
		"a line of a gigabyte": {
			raw: func(conn *net.TCPConn) {
				fmt.Fprint(conn, plainHead+text+"data: ")
				noise := []byte(strings.Repeat("x", 64<<10))
				for range 1 << 14 {
					if _, err := conn.Write(noise); err != nil {
						return
					}
				}
			},
			want: outcomeDecode, status: 200, chunks: 1, says: "8 MiB",
		},
		"an error event, and the server stays": {
			handle: func(_ http.ResponseWriter, flush func(string), r *http.Request) {
				flush(text + `data: {"error": {"message": "no memory", "code": 500}}` + "\n\n")
				hang(r)
			},
			want: outcomeErrorEvent, status: 200, chunks: 1, says: "no memory",
		},
		"nothing but [DONE]": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush("data: [DONE]\n\n") },
			want:   outcomeOK, status: 200,
		},
		"nothing at all": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush("") },
			want:   outcomeTruncated, status: 200, says: "EOF",
		},
		"half a character between two packets": {
			raw: func(conn *net.TCPConn) {
				head, tail := strings.Replace(text, `"a"`, "\"\xc3", 1), ""
				head, tail, _ = strings.Cut(head, "\xc3")
				fmt.Fprint(conn, plainHead+head+"\xc3")
				time.Sleep(20 * time.Millisecond)
				fmt.Fprint(conn, "\xa9\""+tail+"data: [DONE]\n\n")
			},
			want: outcomeOK, status: 200, chunks: 1,
		},
		"JSON where a stream was asked for": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				flush(wholeAnswer)
			},
			want: outcomeDecode, status: 200, says: "application/json",
		},
		"a whole answer": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				flush(wholeAnswer)
			},
			prepare: func(x *exchange) { x.whole = true },
			want:    outcomeOK, status: 200,
		},
		"half of a whole answer": {
			raw: func(conn *net.TCPConn) {
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n%s", wholeAnswer)
			},
			prepare: func(x *exchange) { x.whole = true },
			want:    outcomeTruncated, status: 200, says: "EOF",
		},
		"a whole answer that is none": {
			handle: func(w http.ResponseWriter, flush func(string), _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				flush(`{"detail":"hello"}`)
			},
			prepare: func(x *exchange) { x.whole = true },
			want:    outcomeDecode, status: 200, says: "hello",
		},
		"the rest of a whole answer does not come": {
			handle: func(w http.ResponseWriter, flush func(string), r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				flush(`{"choices":[`)
				hang(r)
			},
			prepare: func(x *exchange) { x.whole, x.limits.total = true, 400*time.Millisecond },
			want:    outcomeTimeoutTotal, status: 200, says: "timeout",
		},
		"cancelled after tokens": {
			handle: func(_ http.ResponseWriter, flush func(string), r *http.Request) {
				for r.Context().Err() == nil {
					flush(text)
					time.Sleep(5 * time.Millisecond)
				}
			},
			prepare: func(x *exchange) { x.leaveAfterTokens = 3 },
			want:    outcomeCancelled, status: 200, chunks: 3, says: "cancelled",
		},
		"cancelled after tokens of one read": {
			handle: func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
				flush(strings.Repeat(text, 5) + "data: [DONE]\n\n")
			},
			prepare: func(x *exchange) { x.leaveAfterTokens = 3 },
			want:    outcomeCancelled, status: 200, chunks: 3, says: "cancelled",
		},
		"over before it was cancelled": {
			handle:  func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush(text + "data: [DONE]\n\n") },
			prepare: func(x *exchange) { x.leaveAfterTokens, x.leaveAfter = 3, time.Second },
			want:    outcomeOK, status: 200, chunks: 1,
		},
		"cancelled after a while": {
			handle:  func(_ http.ResponseWriter, flush func(string), r *http.Request) { flush(text); hang(r) },
			prepare: func(x *exchange) { x.leaveAfter = 400 * time.Millisecond },
			want:    outcomeCancelled, status: 200, chunks: 1, says: "cancelled",
		},
		"cancelled before the headers": {
			handle:  func(_ http.ResponseWriter, _ func(string), r *http.Request) { hang(r) },
			prepare: func(x *exchange) { x.leaveAfter = 400 * time.Millisecond },
			want:    outcomeCancelled, says: "cancelled",
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
			prepare: func(x *exchange) { x.limits.total = 400 * time.Millisecond },
			want:    outcomeTimeoutHeaders, says: "timeout",
		},
		"no token in time": {
			handle:  func(_ http.ResponseWriter, flush func(string), r *http.Request) { flush(": ping\n\n"); hang(r) },
			prepare: func(x *exchange) { x.limits.total = 400 * time.Millisecond },
			want:    outcomeTimeoutFirstToken, status: 200,
		},
		"not whole in time": {
			handle:  func(_ http.ResponseWriter, flush func(string), r *http.Request) { flush(text); hang(r) },
			prepare: func(x *exchange) { x.limits.total = 400 * time.Millisecond },
			want:    outcomeTimeoutTotal, status: 200, chunks: 1,
		},
		"stalled": {
			handle: func(_ http.ResponseWriter, flush func(string), r *http.Request) {
				for range 5 {
					flush(text)
					time.Sleep(150 * time.Millisecond)
				}
				hang(r)
			},
			prepare: func(x *exchange) { x.limits.stall = 500 * time.Millisecond },
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
			} else if test.raw != nil {
				url = raw(t, test.raw)
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
			if test.status > 0 && (line.Connected == nil || line.Written == nil) {
				t.Errorf("connected %v, written %v", line.Connected, line.Written)
			}
		})
	}
}
