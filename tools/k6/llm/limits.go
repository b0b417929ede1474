package llm

import (
	"context"
	"sync/atomic"
	"time"
)

// limits are a client's; 0 is none.
type limits struct {
	connect    time.Duration // from the call to a connection
	firstToken time.Duration // from the connection to the first content
	stall      time.Duration // between two pieces of content
	total      time.Duration // for the whole exchange, never 0
}

// timers watch over one exchange. Each that rings cancels the exchange and
// says with the cause which it was.
type timers struct {
	connect, firstToken, total, leave alarm

	stall       alarm
	lastContent atomic.Int64

	from time.Duration
}

// arm starts those that count from a time on, which may be to come.
func (t *timers) arm(l limits, leaveAfter, from time.Duration, cancel context.CancelCauseFunc) {
	t.from = from
	t.connect = newAlarm(l.connect, func() { cancel(errConnect) })
	t.firstToken = newAlarm(l.firstToken, func() { cancel(errFirstToken) })
	t.total = newAlarm(l.total, func() { cancel(errTimeout) })
	t.leave = newAlarm(leaveAfter, func() { cancel(errLeft) })
	t.stall = newAlarm(l.stall, func() {
		idle := now() - time.Duration(t.lastContent.Load())
		if idle >= l.stall {
			cancel(errStall)
		} else {
			t.stall.timer.Reset(l.stall - idle)
		}
	})
	t.start(t.total)
	t.start(t.leave)
}

// start counts from the latest of now and then.
func (t *timers) start(a alarm) { a.start(max(0, t.from-now())) }

// connecting may come again: net/http repeats a request that a dead connection swallowed.
func (t *timers) connecting() {
	t.firstToken.stop()
	t.start(t.connect)
}

func (t *timers) connected() {
	t.connect.stop()
	t.start(t.firstToken)
}

// content notes a time and leaves the timer as it is: ringing, it looks how
// long ago the latest content came. A reset per event would cost more.
func (t *timers) content(at time.Duration) {
	if t.lastContent.Swap(int64(at)) == 0 {
		t.firstToken.stop()
		t.start(t.stall)
	}
}

func (t *timers) stop() {
	for _, a := range []alarm{t.connect, t.firstToken, t.stall, t.total, t.leave} {
		a.stop()
	}
}

// alarm is a timer that may be none.
type alarm struct {
	timer *time.Timer
	after time.Duration
}

const never = time.Duration(1<<63 - 1)

// newAlarm does not start it.
func newAlarm(after time.Duration, ring func()) alarm {
	if after <= 0 {
		return alarm{}
	}
	timer := time.AfterFunc(never, ring)
	timer.Stop()
	return alarm{timer, after}
}

func (a alarm) start(in time.Duration) {
	if a.timer != nil {
		a.timer.Reset(in + a.after)
	}
}

func (a alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
