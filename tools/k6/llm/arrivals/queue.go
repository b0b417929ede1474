package arrivals

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"firedrill/tools/k6/llm/alarm"
)

// Queue hands out a walk's arrivals to whoever waits, each when it is due and
// in the order of their indices. Nothing is handed out ahead of its time: a
// waiter that goes away takes no arrival with it, and those that nobody waited
// for are handed out late rather than skipped.
type Queue struct {
	zero  time.Time
	alarm *alarm.Alarm

	mutex   sync.Mutex
	walk    Walk
	head    Arrival
	over    bool      // there is no head, and none will come
	ordered time.Time // for when the alarm is set
	// The last to come is served first: its connection is the warmest, and no
	// more connections are opened than requests are in flight.
	waiters  []*Waiter
	returned []Arrival
	claimed  int64
}

// Waiter is one goroutine's place. It can be used again and again.
type Waiter struct{ handed chan Arrival }

// NewWaiter makes a place.
func NewWaiter() *Waiter { return &Waiter{make(chan Arrival, 1)} }

var none = Arrival{Index: -1}

// NewQueue starts a walk whose zero is at a time.
func NewQueue(walk Walk, zero time.Time) *Queue {
	q := &Queue{zero: zero, walk: walk}
	q.step()
	q.alarm = alarm.New(func() {
		q.mutex.Lock()
		defer q.mutex.Unlock()
		q.ordered = time.Time{} // were it early, it would have to be set again
		q.handOut()
	})
	return q
}

// Next waits for an arrival to be due, and returns it with its lag: how much
// later than wanted that is now. False behind the last, and when ctx is done.
func (q *Queue) Next(ctx context.Context, w *Waiter) (Arrival, time.Duration, bool) {
	if ctx.Err() != nil {
		return none, 0, false
	}
	q.mutex.Lock()
	q.waiters = append(q.waiters, w)
	q.handOut()
	q.mutex.Unlock()

	select {
	case arrival := <-w.handed:
		if ctx.Err() == nil || arrival == none {
			return arrival, max(0, time.Since(q.zero.Add(arrival.At))), arrival != none
		}
		q.giveBack(arrival)
	case <-ctx.Done():
		q.leave(w)
	}
	return none, 0, false
}

// Claimed counts those handed out.
func (q *Queue) Claimed() int64 {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.claimed
}

// Close frees the alarm. Those who wait get nothing more.
func (q *Queue) Close() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.over, q.returned = true, nil
	q.handOut()
}

// handOut serves waiters as long as arrivals are due, and orders the alarm for
// the next. The mutex is held.
func (q *Queue) handOut() {
	for len(q.waiters) > 0 {
		arrival := q.peek()
		if arrival != none && time.Until(q.zero.Add(arrival.At)) > 0 {
			q.order(q.zero.Add(arrival.At))
			return
		}
		last := len(q.waiters) - 1
		q.waiters[last].handed <- arrival // has room: who waits has been handed nothing
		q.waiters = q.waiters[:last]
		if arrival != none {
			q.take()
		}
	}
	if q.peek() == none {
		q.alarm.Close()
	}
}

func (q *Queue) order(at time.Time) {
	if !q.ordered.Equal(at) {
		q.ordered = at
		q.alarm.Set(at)
	}
}

func (q *Queue) leave(w *Waiter) {
	q.mutex.Lock()
	i := slices.Index(q.waiters, w)
	if i >= 0 {
		q.waiters = slices.Delete(q.waiters, i, i+1)
	}
	q.mutex.Unlock()
	if i < 0 {
		q.giveBack(<-w.handed)
	}
}

// giveBack is for what was handed out in the moment in which its waiter went.
func (q *Queue) giveBack(arrival Arrival) {
	if arrival == none {
		return
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.claimed--
	q.returned = append(q.returned, arrival)
	slices.SortFunc(q.returned, func(a, b Arrival) int { return cmp.Compare(a.Index, b.Index) })
	q.handOut()
}

func (q *Queue) peek() Arrival {
	switch {
	case len(q.returned) > 0:
		return q.returned[0]
	case q.over:
		return none
	default:
		return q.head
	}
}

func (q *Queue) take() {
	q.claimed++
	if len(q.returned) > 0 {
		q.returned = q.returned[1:]
		return
	}
	q.step()
}

func (q *Queue) step() {
	arrival, ok := q.walk()
	q.head, q.over = arrival, !ok
}
