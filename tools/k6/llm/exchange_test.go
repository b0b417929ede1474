package llm

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"firedrill/tools/k6/llm/histogram"
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
		ask: ask{
			params: params{id: "test-1"}, url: url, body: []byte(`{"model":"tiny"}`),
			limits: limits{total: 5 * time.Second}, started: now(),
		},
		scratch: new(scratch),
	}
}

func ended(t *testing.T, x *exchange) record {
	t.Helper()
	return x.record(x.run(t.Context(), http.DefaultTransport))
}

func TestTimesAreThoseOfTheWire(t *testing.T) {
	t.Parallel()
	// Wide apart: other programs want the cores, too.
	const early, gap, stall, slack = 200 * time.Millisecond, 20 * time.Millisecond, 400 * time.Millisecond, 180.0
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
		// The role chunk comes early, and is not the first token.
		flush(": ping\n\n")
		time.Sleep(early)
		flush(`data: {"x":1}` + "\n\n")
		time.Sleep(early)
		flush(`data: {"choices":[{"delta":{"role":"assistant","content":""}}]}` + "\n\n")
		time.Sleep(early)
		flush(`data: {"choices":[{"delta":{"reasoning":"a"}}]}` + "\n\n")
		time.Sleep(early)
		flush(text)
		for range 3 {
			time.Sleep(gap)
			flush(text)
		}
		time.Sleep(stall)
		flush(text + text + "data: [DONE]\n\n")
	})
	x := exchangeWith(s.URL)
	before := time.Now()
	line := ended(t, x)
	near := func(name string, got *float64, want float64) {
		if got == nil || *got < want-1 || *got > want+slack {
			t.Errorf("%s: got %v, want about %v ms", name, got, want)
		}
	}
	near("firstEvent", line.FirstEvent, 200)
	near("firstChoice", line.FirstChoice, 400)
	near("ttft", line.TTFT, 600)
	near("firstAnswer", line.FirstAnswer, 800)
	near("tpot", line.TPOT, (200+3*20+400)/6.0)
	near("gapMax", line.GapMax, 400)
	near("gapP99", line.GapP99, 400)
	near("e2e", &line.E2E, 800+3*20+400)
	started := line.Started - float64(before.UnixMicro())/1_000
	near("started", &started, 0)
	if whole := line.Ended - line.Started; whole-line.E2E > 0.01 || line.E2E-whole > 0.01 {
		t.Errorf("e2e %v, ended − started %v", line.E2E, whole)
	}
	if line.OutputTokens != 7 || line.TokensFrom != "chunks" || line.Outcome != outcomeOK {
		t.Errorf("%+v", line)
	}
	if line.Chunks != 7 || line.Coalesced != 1 || line.Gaps[0] != (histogram.Bucket{0, 1}) || gapsIn(line) != 6 {
		t.Errorf("%d chunks, %d coalesced, gaps %v", line.Chunks, line.Coalesced, line.Gaps)
	}
	order := []float64{line.Started, *line.Connected, *line.Written, *line.Written + *line.FirstEvent, line.Ended}
	if !slices.IsSorted(order) {
		t.Errorf("out of order: %v", order)
	}
}

func gapsIn(line record) (count int64) {
	for _, bucket := range line.Gaps {
		count += bucket[1]
	}
	return count
}

// A user's wait includes the dial; the server's time to its first token does not.
func TestTTFTCountsFromTheWrittenRequest(t *testing.T) {
	t.Parallel()
	const dial, think = 400 * time.Millisecond, 50 * time.Millisecond
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
		time.Sleep(think)
		flush(text + "data: [DONE]\n\n")
	})
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(dial)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	for _, size := range []int{10, lastPiece, lastPiece + 1, 40 << 10, 1 << 20} {
		transport.CloseIdleConnections()
		x := exchangeWith(s.URL)
		x.body = []byte(strings.Repeat("x", size))
		line := x.record(x.run(t.Context(), transport))
		if line.TTFT == nil || *line.TTFT < ms(think)-1 || *line.TTFT > ms(think)+300 || line.E2E < ms(dial+think) {
			t.Fatalf("%d bytes: %+v, ttft %v", size, line, line.TTFT)
		}
		if *line.Connected-line.Started < ms(dial) || *line.Written-*line.Connected > 300 || *line.Reused {
			t.Errorf("%d bytes: started %v, connected %v, written %v", size, line.Started, *line.Connected, *line.Written)
		}
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

// --- Internal helpers ---

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// raw listens on a socket and gives each connection with one whole request
// read to handle, which writes what it likes and leaves; then it is closed.
func raw(t *testing.T, handle func(conn *net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				request, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, request.Body)
				handle(conn.(*net.TCPConn))
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// untilGone waits until the other side has closed.
func untilGone(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

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
