package llm

import (
	"errors"
	"fmt"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	"go.k6.io/k6/v2/lib"

	"firedrill/tools/k6/llm/arrivals"
)

// Arrivals is a virtual user's hold on a schedule that it shares with all others
// of the process. It is used by one goroutine.
type Arrivals struct {
	vu       modules.VU
	schedule *schedule
	waiter   *arrivals.Waiter
}

func (m *moduleInstance) constructArrivals(call sobek.ConstructorCall) *sobek.Object {
	rt := m.vu.Runtime()
	options, err := parseArrivalsOptions(call.Argument(0).Export())
	var shared *schedule
	if err == nil {
		shared, err = m.schedules.of(options, m.vu.InitEnv())
	}
	if err != nil {
		common.Throw(rt, fmt.Errorf("llm.Arrivals: %w", err))
	}
	return rt.ToValue(&Arrivals{m.vu, shared, arrivals.NewWaiter()}).ToObject(rt)
}

var errNoScenario = errors.New("llm.Arrivals: next() is for the virtual users of a scenario, not for the init context, setup or teardown")

// Next blocks until an arrival is due for this virtual user, but for the lead. It
// is null behind the last, and when k6 stops.
func (a *Arrivals) Next() (any, error) {
	ctx, state := a.vu.Context(), a.vu.State()
	scenario := lib.GetScenarioState(ctx)
	if state == nil || scenario == nil {
		return nil, errNoScenario
	}
	running, err := a.schedule.start(state, scenario)
	if err != nil {
		return nil, fmt.Errorf("llm.Arrivals: %w", err)
	}
	arrival, late, ok := running.queue.Next(ctx, a.waiter)
	if !ok {
		return nil, nil
	}
	lag := max(0, late-a.schedule.lead)
	running.note(lag)
	return map[string]any{
		"index": arrival.Index, "intended": epochMs(since(running.zero.Add(arrival.At))), "lag": ms(lag),
		"promptTokens": known(arrival.PromptTokens), "outputTokens": known(arrival.OutputTokens),
	}, nil
}

// Stats is of the whole process. Nothing is due before the first next().
func (a *Arrivals) Stats() map[string]any {
	s := a.schedule.stats()
	return map[string]any{
		"scheduled": orNull(s.scheduled), "due": s.due, "claimed": s.claimed,
		"lagP50": ms(s.lagP50), "lagP99": ms(s.lagP99), "lagMax": ms(s.lagMax),
	}
}

func known(tokens int32) any {
	if tokens == arrivals.Unknown {
		return nil
	}
	return tokens
}
