package llm

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"
)

// station is a server that knows when each request came and when each connection
// was opened, and a virtual user's way to it.
type station struct {
	url    string
	client *transport
	state  *lib.State

	mutex    sync.Mutex
	dialled  []time.Time
	received []time.Time
}

func newStation(t *testing.T, start func(*httptest.Server), http2 bool) *station {
	t.Helper()
	s := &station{client: &transport{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(&s.received)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, strings.Repeat(text, 2)+"data: [DONE]\n\n")
	}))
	server.EnableHTTP2 = http2
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.note(&s.dialled)
		}
	}
	start(server)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.state = &lib.State{Transport: &http.Transport{
		DialContext:       (&netext.Dialer{}).DialContext,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the test server's own
		ForceAttemptHTTP2: http2,
	}}
	return s
}

func (s *station) note(times *[]time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	*times = append(*times, time.Now())
}

func (s *station) noted(times *[]time.Time) []time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(*times)
}

// after asks for an arrival that is due in a while.
func (s *station) after(ctx context.Context, wait time.Duration, body string) (x *exchange, due time.Time, r result) {
	x = exchangeWith(s.url)
	x.body = []byte(body)
	due = timeOf(x.started + wait)
	x.arrival, x.intended = pointer(int64(0)), pointer(epochMs(x.started+wait))
	r = x.run(ctx, s.client.take(s.state))
	return x, due, r
}

const soon = 200 * time.Millisecond

func TestARequestGoesWhenItsArrivalIsDue(t *testing.T) {
	for name, kind := range map[string]struct {
		start func(*httptest.Server)
		http2 bool
	}{
		"plain": {(*httptest.Server).Start, false}, "TLS": {(*httptest.Server).StartTLS, false}, "HTTP/2": {(*httptest.Server).StartTLS, true},
	} {
		for _, size := range []int{10, lastPiece + 500, 100 << 10} {
			t.Run(fmt.Sprintf("%s, %d bytes", name, size), func(t *testing.T) {
				t.Parallel()
				s := newStation(t, kind.start, kind.http2)
				for at := range 3 {
					x, due, r := s.after(t.Context(), soon, strings.Repeat("a", size))
					line := x.record(r)
					if line.Outcome != outcomeOK || *line.Reused != (at > 0) {
						t.Fatalf("request %d: %+v", at, line)
					}
					if early := due.Sub(s.noted(&s.received)[at]); early > 0 {
						t.Errorf("request %d came %v too early", at, early)
					}
					// Times are kept to the microsecond.
					dueMs := *line.Intended - 0.001
					if line.Started < dueMs || *line.Connected < line.Started || *line.Written < dueMs || line.E2E > line.Ended-dueMs {
						t.Errorf("request %d, due %f: %+v", at, dueMs, line)
					}
					if at == 0 && due.Sub(s.noted(&s.dialled)[0]) > 0 {
						t.Error("expected the user to dial no sooner")
					}
					if most := soon * 3 / 4; r.trail.Sending > most || r.trail.Blocked > r.trail.ConnDuration+most || r.trail.Duration > most {
						t.Errorf("request %d: k6's times count the waiting: %+v", at, r.trail)
					}
				}
				if dialled := len(s.noted(&s.dialled)); dialled != 1 {
					t.Errorf("%d connections", dialled)
				}
			})
		}
	}
}

// What a user waits for the dial, and for a place to dial, is not taken away.
func TestWithoutADepartureARequestBeganWhenTheScriptCalled(t *testing.T) {
	s := newStation(t, (*httptest.Server).Start, false)
	for _, arrival := range []*float64{nil, pointer(epochMs(now()) - 1_000)} {
		s.client = &transport{}
		x := exchangeWith(s.url)
		x.intended = arrival
		called := x.started
		time.Sleep(5 * time.Millisecond)
		if line := x.record(x.run(t.Context(), s.client.take(s.state))); *line.Reused || line.Started != epochMs(called) {
			t.Errorf("called at %f: %+v", epochMs(called), line)
		}
	}
}

func TestWhatIsLateGoesAtOnce(t *testing.T) {
	s := newStation(t, (*httptest.Server).Start, false)
	for range 2 {
		x, _, r := s.after(t.Context(), -time.Second, "a")
		if line := x.record(r); line.Outcome != outcomeOK || line.E2E > 500 || line.Started < *line.Intended+999 {
			t.Errorf("%+v", line)
		}
	}
}

func TestLimitsCountFromTheDeparture(t *testing.T) {
	s := newStation(t, (*httptest.Server).Start, false)
	for at := range 2 {
		x := exchangeWith(s.url)
		x.limits = limits{connect: soon, firstToken: soon, total: soon}
		x.intended = pointer(epochMs(x.started + 3*soon))
		if line := x.record(x.run(t.Context(), s.client.take(s.state))); line.Outcome != outcomeOK {
			t.Errorf("request %d: %+v", at, line)
		}
	}
}

// Nothing is sent, and the connection is as good as before.
func TestTheRunEndsBeforeAnArrivalIsDue(t *testing.T) {
	s := newStation(t, (*httptest.Server).Start, false)
	for at := range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		x, _, r := s.after(ctx, time.Minute, "a")
		cancel()
		if line := x.record(r); line.Outcome != outcomeStopped || line.Written != nil {
			t.Errorf("request %d: %+v", at, line)
		}
		if x, _, r := s.after(t.Context(), soon, "a"); x.record(r).Outcome != outcomeOK {
			t.Errorf("request %d: %+v", at, x.record(r))
		}
	}
	if received := len(s.noted(&s.received)); received != 2 {
		t.Errorf("%d requests came", received)
	}
}
