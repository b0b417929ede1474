package llm

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/lib"

	"firedrill/tools/k6/llm/arrivals"
	"firedrill/tools/k6/llm/histogram"
)

// schedules are the process's: one for each set of options.
type schedules struct {
	mutex sync.Mutex
	byKey map[string]*schedule
}

// of makes a schedule when the first virtual user asks for it. The others wait
// meanwhile: a trace is read once.
func (s *schedules) of(options arrivalsOptions, env *common.InitEnvironment) (*schedule, error) {
	key := options.key(env)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if known := s.byKey[key]; known != nil {
		return known, nil
	}
	plan, err := options.plan(env)
	if err != nil {
		return nil, err
	}
	if s.byKey == nil {
		s.byKey = map[string]*schedule{}
	}
	made := &schedule{plan: plan, lead: milliseconds(options.Lead)}
	s.byKey[key] = made
	return made, nil
}

// schedule is a plan that runs as soon as its scenario does.
type schedule struct {
	plan    arrivals.Plan
	lead    time.Duration // so much before it is due an arrival is handed out
	mutex   sync.Mutex
	running *runningSchedule
}

type runningSchedule struct {
	scenario  string
	zero      time.Time
	queue     *arrivals.Queue
	tally     *arrivals.Tally
	scheduled *int64

	mutex sync.Mutex
	lags  histogram.Histogram
}

// start has no effect but for the first virtual user.
func (s *schedule) start(state *lib.State, scenario *lib.ScenarioState) (*runningSchedule, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.running == nil {
		stripe, err := segmentStripe(state.Options)
		if err != nil {
			return nil, err
		}
		s.running = &runningSchedule{
			scenario: scenario.Name, zero: scenario.StartTime,
			queue: arrivals.NewQueue(stripe(s.plan.Walk()), scenario.StartTime.Add(-s.lead)), tally: arrivals.NewTally(stripe(s.plan.Walk())),
		}
		// Walking ahead costs some 50 ns an arrival.
		if s.plan.Expected() < 5e6 {
			count := arrivals.Count(stripe(s.plan.Walk()))
			s.running.scheduled = &count
		}
	}
	if s.running.scenario != scenario.Name {
		return nil, fmt.Errorf("expected one scenario to a schedule, found %q and %q with the same options: give each a seed of its own",
			s.running.scenario, scenario.Name)
	}
	return s.running, nil
}

// segmentStripe leaves those arrivals of a walk that fall to this instance of a
// distributed test. They keep their indices in the whole.
func segmentStripe(options lib.Options) (func(arrivals.Walk) arrivals.Walk, error) {
	sequence := options.ExecutionSegmentSequence
	if sequence == nil {
		sequence = evenSequence(options.ExecutionSegment)
	}
	tuple, err := lib.NewExecutionTuple(options.ExecutionSegment, sequence)
	if err != nil {
		return nil, err
	}
	return func(walk arrivals.Walk) arrivals.Walk {
		mine := lib.NewSegmentedIndex(tuple)
		return func() (arrivals.Arrival, bool) {
			_, place := mine.Next() // from 1
			for {
				arrival, ok := walk()
				if !ok || arrival.Index == place-1 {
					return arrival, ok
				}
			}
		}
	}, nil
}

const mostSegments = 10_000

// evenSequence is that of n equal segments for the one that is the k-th of
// them, else nil. Without it k6 fills up what stands around a segment, for each
// instance in another way: all thirds would be handed the same arrivals.
func evenSequence(segment *lib.ExecutionSegment) *lib.ExecutionSegmentSequence {
	var whole *lib.ExecutionSegment
	parts, err := whole.Split(int64(math.Round(min(1/segment.FloatLength(), mostSegments))))
	if err != nil || !slices.ContainsFunc(parts, segment.Equal) {
		return nil
	}
	sequence, err := lib.NewExecutionSegmentSequence(parts...)
	if err != nil {
		return nil
	}
	return &sequence
}

func (r *runningSchedule) note(lag time.Duration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.lags.Add(lag)
}

type arrivalsStats struct {
	scheduled              *int64
	due, claimed           int64
	lagP50, lagP99, lagMax time.Duration
}

func (s *schedule) stats() arrivalsStats {
	s.mutex.Lock()
	r := s.running
	s.mutex.Unlock()
	if r == nil {
		return arrivalsStats{}
	}
	// Claimed first: of what is counted as claimed, all is counted as due.
	stats := arrivalsStats{scheduled: r.scheduled, claimed: r.queue.Claimed()}
	due, over := r.tally.Due(time.Since(r.zero))
	stats.due = due
	if over {
		stats.scheduled = &due
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	stats.lagP50, stats.lagP99, stats.lagMax = r.lags.Percentile(50), r.lags.Percentile(99), r.lags.Max()
	return stats
}
