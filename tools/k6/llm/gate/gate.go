// Package gate lets things happen at their times.
package gate

import (
	"container/heap"
	"sync"
	"time"

	"firedrill/tools/k6/llm/alarm"
)

// Gate runs what is to happen at a time, then: one after the other, with nothing
// else of the process between them, so that what is wanted close together
// happens close together.
type Gate struct {
	mutex   sync.Mutex
	alarm   *alarm.Alarm
	pending queue
}

// New makes a gate. It lives as long as the process.
func New() *Gate {
	g := &Gate{}
	g.alarm = alarm.New(func() {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		g.open()
	})
	return g
}

// At has do run as soon as a time has come: before At returns, where it has
// passed. What runs must not block. To take it back is too late, and false, once it has run.
func (g *Gate) At(due time.Time, do func()) (takeBack func() bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	e := &entry{due: due, do: do}
	heap.Push(&g.pending, e)
	if e.place == 0 || time.Until(due) <= 0 {
		g.open()
	}
	return func() bool {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		if e.place < 0 {
			return false
		}
		heap.Remove(&g.pending, e.place)
		return true
	}
}

// open runs what is due, and sets the alarm for the rest. The mutex is held.
func (g *Gate) open() {
	for len(g.pending) > 0 {
		next := g.pending[0]
		if time.Until(next.due) > 0 {
			g.alarm.Set(next.due)
			return
		}
		heap.Pop(&g.pending)
		next.do()
	}
}

type entry struct {
	due   time.Time
	do    func()
	place int // in the queue; below 0 outside
}

// queue implements heap.Interface: the earliest is first.
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *queue) Push(one any) {
	e := one.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	e.place = -1
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}
