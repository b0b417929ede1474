package arrivals

import (
	"math"
	"time"
)

// alarm calls a function at a time, soon after it and never before. Go's timer
// is prompt in a busy process; in an idle one it waits in epoll, which counts
// whole milliseconds. A timer of the kernel's, where there is one, is the other
// way round. Whichever comes first counts.
type alarm struct {
	timer   *time.Timer
	precise *precise
}

func newAlarm(fire func()) *alarm {
	timer := time.AfterFunc(math.MaxInt64, fire)
	timer.Stop()
	return &alarm{timer, newPrecise(fire)}
}

// set replaces what was set before.
func (a *alarm) set(at time.Time) {
	left := max(time.Until(at), 1)
	a.timer.Reset(left)
	a.precise.set(left)
}

func (a *alarm) close() {
	a.timer.Stop()
	a.precise.close()
}
