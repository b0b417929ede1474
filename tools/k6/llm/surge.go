package llm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"firedrill/tools/k6/llm/arrivals"

	"github.com/grafana/sobek"
)

// surges hand out what is asked for beyond the load, to virtual users who are
// kept ready for it: k6 makes none while it runs. Who waits here costs no
// processor. A surge that finds nobody free hands out late, and what is left at
// its end is nobody's.
type surges struct {
	mutex   sync.Mutex
	tickets chan ticket
	ends    map[string]context.CancelFunc
}

// ticket is one user more, or one request.
type ticket struct {
	surge    string
	index    int64
	intended *time.Time // of a request: when it is wanted
}

// surgeOptions are of startSurge; types/llm.d.ts explains them.
type surgeOptions struct {
	Users      int64    `js:"users"`
	Rate       float64  `js:"rate"`
	Process    string   `js:"process"`
	Burstiness *float64 `js:"burstiness"`
	Seed       float64  `js:"seed"`
	Until      float64  `js:"until"`
}

// lead is for how long before it is wanted a request is handed out: as an arrival of the schedule.
const surgeLead = 20 * time.Millisecond

var errShape = errors.New("expected either users (1 or more) or a rate above 0, found neither or both")

func (s *surges) waiting() chan ticket {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.tickets == nil {
		s.tickets = make(chan ticket)
	}
	return s.tickets
}

// begin ends a surge of the same name.
func (s *surges) begin(ctx context.Context, name string, until time.Time, walk func() (ticket, bool)) {
	tickets := s.waiting()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ends == nil {
		s.ends = map[string]context.CancelFunc{}
	}
	if end := s.ends[name]; end != nil {
		end()
	}
	ctx, s.ends[name] = context.WithDeadline(ctx, until)
	go hand(ctx, tickets, walk)
}

func (s *surges) end(name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if end := s.ends[name]; end != nil {
		end()
		delete(s.ends, name)
	}
}

func hand(ctx context.Context, tickets chan<- ticket, walk func() (ticket, bool)) {
	for {
		next, ok := walk()
		if !ok {
			return
		}
		wait := time.Duration(0)
		if next.intended != nil {
			wait = time.Until(next.intended.Add(-surgeLead))
		}
		// Also where nothing is to be waited for: select has no order.
		if !pause(ctx, wait) {
			return
		}
		select {
		case tickets <- next:
		case <-ctx.Done():
			return
		}
	}
}

// pause is false where ctx was done first.
func pause(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// startSurge begins to hand out: so many users at once, or requests at a rate.
func (m *moduleInstance) startSurge(name string, options sobek.Value) error {
	if m.vu.State() == nil {
		return errors.New("llm.startSurge: it is for the virtual users of a scenario, not for the init context")
	}
	var o surgeOptions
	if err := onlyKnown(options, "users", "rate", "process", "burstiness", "seed", "until"); err != nil {
		return fmt.Errorf("llm.startSurge: %w", err)
	}
	if err := m.vu.Runtime().ExportTo(options, &o); err != nil {
		return fmt.Errorf("llm.startSurge: %w", err)
	}
	until, err := ahead(o.Until)
	if err != nil {
		return fmt.Errorf("llm.startSurge: until: %w", err)
	}
	walk, err := o.walk(name, time.Now(), until)
	if err != nil {
		return fmt.Errorf("llm.startSurge: %w", err)
	}
	m.surges.begin(m.vu.Context(), name, until, walk)
	return nil
}

func (o surgeOptions) walk(name string, zero, until time.Time) (func() (ticket, bool), error) {
	if (o.Users > 0) == (o.Rate > 0) {
		return nil, errShape
	}
	if o.Users > 0 {
		next := int64(0)
		return func() (ticket, bool) {
			next++
			return ticket{surge: name, index: next - 1}, next <= o.Users
		}, nil
	}
	over := until.Sub(zero)
	if over <= 0 {
		return func() (ticket, bool) { return ticket{}, false }, nil
	}
	profile, err := arrivals.NewProfile([]arrivals.Stage{{To: o.Rate}, {To: o.Rate, Over: over}})
	if err != nil {
		return nil, err
	}
	plan, err := arrivals.NewProcess(o.Process, o.Burstiness, profile, uint64(int64(o.Seed)))
	if err != nil {
		return nil, err
	}
	walk := plan.Walk()
	return func() (ticket, bool) {
		arrival, ok := walk()
		at := zero.Add(arrival.At)
		return ticket{surge: name, index: arrival.Index, intended: &at}, ok
	}, nil
}

// nextExtra blocks until there is something for this virtual user to do, but no
// longer than to a time of the script's; null then, and when k6 stops.
func (m *moduleInstance) nextExtra(until float64) (any, error) {
	ctx := m.vu.Context()
	if m.vu.State() == nil {
		return nil, errors.New("llm.nextExtra: it is for the virtual users of a scenario, not for the init context")
	}
	end, err := ahead(until)
	if err != nil {
		return nil, fmt.Errorf("llm.nextExtra: until: %w", err)
	}
	timer := time.NewTimer(time.Until(end))
	defer timer.Stop()
	select {
	case next := <-m.surges.waiting():
		return next.object(), nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil, nil
}

func (t ticket) object() map[string]any {
	var intended any
	if t.intended != nil {
		intended = epochMs(since(*t.intended))
	}
	return map[string]any{"surge": t.surge, "index": t.index, "intended": intended}
}
