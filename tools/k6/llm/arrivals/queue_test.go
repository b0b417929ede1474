package arrivals

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// at is a walk of given times.
func at(times ...time.Duration) Walk {
	next := 0
	return func() (Arrival, bool) {
		if next == len(times) {
			return Arrival{}, false
		}
		next++
		return Arrival{Index: int64(next - 1), At: times[next-1]}, true
	}
}

type claim struct {
	arrival Arrival
	lag     time.Duration
	now     time.Time
}

// run lets many claim until the end, and calls work after each claim.
func run(q *Queue, users int, work func()) [][]claim {
	claims := make([][]claim, users)
	var group sync.WaitGroup
	for user := range users {
		group.Go(func() {
			place := NewWaiter()
			for {
				arrival, lag, ok := q.Next(context.Background(), place)
				if !ok {
					return
				}
				claims[user] = append(claims[user], claim{arrival, lag, time.Now()})
				work()
			}
		})
	}
	group.Wait()
	return claims
}

func TestEachArrivalComesOnceAndNeverEarly(t *testing.T) {
	zero := time.Now().Add(20 * time.Millisecond)
	plan := processOf(t, "poisson", 0, level(t, 3_000, 300*time.Millisecond), 5)
	q := NewQueue(plan.Walk(), zero)
	claims := run(q, 50, func() {})

	seen := map[int64]bool{}
	for user, own := range claims {
		last := int64(-1)
		for _, c := range own {
			if seen[c.arrival.Index] || c.arrival.Index <= last {
				t.Errorf("user %d got %d after %d", user, c.arrival.Index, last)
			}
			if c.now.Before(zero.Add(c.arrival.At)) || c.lag < 0 {
				t.Errorf("arrival %d came %v early", c.arrival.Index, zero.Add(c.arrival.At).Sub(c.now))
			}
			seen[c.arrival.Index], last = true, c.arrival.Index
		}
	}
	if want := Count(plan.Walk()); int64(len(seen)) != want || q.Claimed() != want {
		t.Errorf("%d arrivals came, %d counted, want %d", len(seen), q.Claimed(), want)
	}
}

func TestWhatNobodyWaitedForComesLateAndInOrder(t *testing.T) {
	q := NewQueue(at(0, 10*time.Millisecond, 20*time.Millisecond), time.Now().Add(-time.Second))
	place := NewWaiter()
	for index := range int64(3) {
		arrival, lag, ok := q.Next(t.Context(), place)
		if !ok || arrival.Index != index || lag < 980*time.Millisecond || lag > 10*time.Second {
			t.Errorf("got %+v, lag %v, %v", arrival, lag, ok)
		}
	}
	for range 2 {
		if _, _, ok := q.Next(t.Context(), place); ok {
			t.Error("there is one behind the last")
		}
	}
}

func TestThoseWhoGoTakeNothingAlong(t *testing.T) {
	q := NewQueue(at(100*time.Millisecond, 100*time.Millisecond), time.Now())
	gone, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if _, _, ok := q.Next(gone, NewWaiter()); ok {
				t.Error("somebody who had gone got an arrival")
			}
		})
	}
	time.AfterFunc(20*time.Millisecond, stop)
	group.Wait()
	if _, _, ok := q.Next(gone, NewWaiter()); ok {
		t.Error("who comes with a context that is done got an arrival")
	}
	for index := range int64(2) {
		if arrival, _, ok := q.Next(t.Context(), NewWaiter()); !ok || arrival.Index != index {
			t.Errorf("got %+v, %v", arrival, ok)
		}
	}
	if q.Claimed() != 2 {
		t.Errorf("%d claimed", q.Claimed())
	}
}

// Contexts that end around the moment of an arrival: nothing may be lost, and nothing come twice.
func TestNoArrivalIsLostInAHurry(t *testing.T) {
	plan := processOf(t, "gamma", 0.25, level(t, 5_000, 300*time.Millisecond), 9)
	want := Count(plan.Walk())
	q := NewQueue(plan.Walk(), time.Now())
	var mutex sync.Mutex
	var got []int64
	var group sync.WaitGroup
	var over atomic.Bool
	time.AfterFunc(10*second, func() { over.Store(true) })
	for user := range uint64(20) {
		group.Go(func() {
			random, place := rand.New(rand.NewPCG(user, 1)), NewWaiter()
			for !over.Load() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(2_000))*time.Microsecond)
				arrival, _, ok := q.Next(ctx, place)
				cancel()
				if ok {
					mutex.Lock()
					got = append(got, arrival.Index)
					if int64(len(got)) == want {
						over.Store(true)
					}
					mutex.Unlock()
				}
			}
		})
	}
	group.Wait()
	slices.Sort(got)
	if int64(len(got)) != want || got[0] != 0 || got[want-1] != want-1 || len(slices.Compact(got)) != int(want) {
		t.Errorf("%d came, want %d, each once", len(got), want)
	}
	if q.Claimed() != want {
		t.Errorf("%d counted, want %d", q.Claimed(), want)
	}
}

func TestAllAreReleasedAtTheEnd(t *testing.T) {
	q := NewQueue(at(30*time.Millisecond), time.Now())
	claims := 0
	for _, own := range run(q, 20, func() {}) {
		claims += len(own)
	}
	if claims != 1 {
		t.Errorf("%d claims of one arrival", claims)
	}
	closed := NewQueue(at(time.Hour), time.Now())
	time.AfterFunc(20*time.Millisecond, closed.Close)
	if _, _, ok := closed.Next(t.Context(), NewWaiter()); ok {
		t.Error("a closed queue handed something out")
	}
}

func TestDueIsWhatTimeSays(t *testing.T) {
	tally := NewTally(at(0, second, second, 3*second))
	for _, c := range []struct {
		now  time.Duration
		due  int64
		over bool
	}{{-second, 0, false}, {0, 1, false}, {second - 1, 1, false}, {second, 3, false}, {2 * second, 3, false}, {time.Hour, 4, true}} {
		if due, over := tally.Due(c.now); due != c.due || over != c.over {
			t.Errorf("at %v: got %d, %v, want %+v", c.now, due, over, c)
		}
	}
}

// How late arrivals reach a waiting user, which is what a run calls its lag.
func BenchmarkLag(b *testing.B) {
	for name, users := range map[string]int{"50 users": 50, "1000 users": 1_000} {
		b.Run(name, func(b *testing.B) {
			const seconds = 3
			var lags []time.Duration
			for b.Loop() {
				plan := processOf(b, "poisson", 0, level(b, 200, seconds*second), 1)
				for _, own := range run(NewQueue(plan.Walk(), time.Now()), users, func() { time.Sleep(10 * time.Millisecond) }) {
					for _, c := range own {
						lags = append(lags, c.lag)
					}
				}
			}
			slices.Sort(lags)
			for percent, label := range map[int]string{50: "p50-µs", 99: "p99-µs", 100: "max-µs"} {
				b.ReportMetric(float64(lags[(len(lags)-1)*percent/100].Nanoseconds())/1e3, label)
			}
		})
	}
}
