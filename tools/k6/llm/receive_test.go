package llm

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// streamOf is a body that returns one piece per read.
type streamOf struct {
	piece []byte
	left  int
}

func (s *streamOf) Read(p []byte) (int, error) {
	if s.left--; s.left < 0 {
		return 0, io.EOF
	}
	return copy(p, s.piece), nil
}

// What an exchange allocates does not depend on how many events there are,
// limits and a cancellation included.
func TestEventsAllocateNothing(t *testing.T) {
	piece := []byte(": ping\r\n\r\n" + strings.Repeat(`data: {"choices":[{"index":0,"delta":{"content":"a\n"},"finish_reason":null}]}`+"\r\n\r\n", 2))
	allocations := func(reads int) float64 {
		x := exchangeWith("")
		x.response = &http.Response{}
		x.limits.stall, x.limits.firstToken, x.leaveAfterTokens = time.Minute, time.Minute, 1<<30
		return testing.AllocsPerRun(5, func() {
			x.marks, x.finish = marks{gaps: &x.gaps}, "stop"
			x.timers = timers{}
			x.timers.arm(x.limits, 0, 0, func(error) {})
			if outcome, why := x.readStream(t.Context(), &streamOf{piece, reads}); outcome != outcomeOK || x.marks.chunks != 2*reads {
				t.Fatalf("%s %s with %d chunks", outcome, why, x.marks.chunks)
			}
			x.timers.stop()
		})
	}
	few, many := allocations(10), allocations(10_000)
	if many > few {
		t.Errorf("%v allocations with 10 reads, %v with 10,000", few, many)
	}
}

// One read of one event: everything but the socket.
func BenchmarkEvent(b *testing.B) {
	x := exchangeWith("")
	x.marks.gaps = &x.gaps
	x.timers.arm(limits{stall: time.Minute}, 0, 0, func(error) {})
	defer x.timers.stop()
	piece := []byte(`data: {"id":"chatcmpl-b43f55f7e16d389b","object":"chat.completion.chunk","created":1795310941,"model":"tiny",` +
		`"choices":[{"index":0,"delta":{"content":" other"},"logprobs":null,"finish_reason":null,"token_ids":null}]}` + "\n\n")
	body := &streamOf{piece, b.N}
	b.ReportAllocs()
	b.ResetTimer()
	x.readStream(b.Context(), body)
}

// A virtual user's exchanges share memory, and nothing else: neither half an
// event nor gaps of the one before.
func TestAnExchangeSeesNothingOfTheOneBefore(t *testing.T) {
	shared := new(scratch)
	for at, body := range []string{
		text + text + text + `data: {"choices":[{"delta":{"content":"half`,
		text + text + "data: [DONE]\n\n",
	} {
		s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush(body) })
		x := exchangeWith(s.URL)
		x.scratch = shared
		line := ended(t, x)
		if want := 2 - at; gapsIn(line) != int64(want) || line.Chunks != want+1 {
			t.Errorf("exchange %d: %d chunks, gaps %v, %s", at, line.Chunks, line.Gaps, value(line.Error))
		}
	}
}

func TestPingsAreNoEventsAndTheFirstTokenEndsItsLimit(t *testing.T) {
	const wait = 300 * time.Millisecond
	s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) {
		flush(": ping\n\nevent: ping\ndata: {}\n\nevent: ping\ndata: pong\n\ndata:\n\n")
		time.Sleep(wait)
		flush(text)
		time.Sleep(2 * wait)
		flush("data: [DONE]\n\n")
	})
	x := exchangeWith(s.URL)
	x.limits.firstToken = 2 * wait
	line := ended(t, x)
	if line.Outcome != outcomeOK || line.FirstEvent == nil || *line.FirstEvent < ms(wait)-1 {
		t.Errorf("%+v: first event %v", line, line.FirstEvent)
	}
}
