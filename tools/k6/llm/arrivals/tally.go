package arrivals

import (
	"sync"
	"time"
)

// Tally counts a plan's arrivals whose time has passed, whoever took them.
type Tally struct {
	mutex sync.Mutex
	walk  Walk
	next  Arrival
	ended bool
	due   int64
}

// NewTally starts a walk of its own.
func NewTally(walk Walk) *Tally {
	t := &Tally{walk: walk}
	t.step()
	return t
}

// Due counts those at or before a time since the zero. Times must not go back.
// over says that none is left.
func (t *Tally) Due(now time.Duration) (due int64, over bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for !t.ended && t.next.At <= now {
		t.due++
		t.step()
	}
	return t.due, t.ended
}

func (t *Tally) step() {
	next, ok := t.walk()
	t.next, t.ended = next, !ok
}

// Count walks to the end.
func Count(walk Walk) int64 {
	var count int64
	for {
		if _, ok := walk(); !ok {
			return count
		}
		count++
	}
}
