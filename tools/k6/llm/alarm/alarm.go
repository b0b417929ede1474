// Package alarm wakes a process at a time to some ten microseconds, whether it is
// idle or busy.
package alarm

import (
	"math"
	"time"
)

// Alarm calls a function at a time, soon after it and never before. Go's timer
// is prompt in a busy process; in an idle one it waits in epoll, which counts
// whole milliseconds. A timer of the kernel's, where there is one, is the other
// way round. Whichever comes first counts.
type Alarm struct {
	timer   *time.Timer
	precise *precise
}

// New is not set yet. The function may be called twice at once, and also for a
// time that has been replaced.
func New(fire func()) *Alarm {
	timer := time.AfterFunc(math.MaxInt64, fire)
	timer.Stop()
	return &Alarm{timer, newPrecise(fire)}
}

// Set replaces what was set before.
func (a *Alarm) Set(at time.Time) {
	left := max(time.Until(at), 1)
	a.timer.Reset(left)
	a.precise.set(left)
}

// Close ends it for good.
func (a *Alarm) Close() {
	a.timer.Stop()
	a.precise.close()
}
