package llm

import (
	"context"
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/lib/netext/httpext"

	"firedrill/tools/k6/llm/gate"
)

// gateway lets the requests of the whole process go.
var gateway = gate.New()

// departure is when a request is to go. All that can be done before is done by
// then: on a connection that is at hand, only to write it is left. Where there
// is none, a user would begin to dial at that time, and so does the request.
type departure struct {
	due  time.Duration // 0 for at once
	came atomic.Int64  // when it was ready; 0 before
	left atomic.Int64  // when it was let go; 0 before
	// It was ready with a connection at hand, and not to dial.
	connected atomic.Bool
}

// await comes back when it is time.
func (d *departure) await(ctx context.Context) error {
	_, err := d.pass(ctx, func() (int, error) { return 0, nil })
	return err
}

// pass has a write done when it is time: by the gate itself, since this goroutine
// would have to wait until the processor comes round to it.
func (d *departure) pass(ctx context.Context, write func() (int, error)) (n int, err error) {
	if d.due == 0 {
		return write()
	}
	came := now()
	d.came.CompareAndSwap(0, int64(came))
	if d.due <= came {
		d.left.CompareAndSwap(0, int64(came))
		return write()
	}
	done := make(chan struct{})
	takeBack := gateway.At(timeOf(d.due), func() {
		d.left.CompareAndSwap(0, int64(now()))
		n, err = write()
		close(done)
	})
	select {
	case <-done:
	case <-ctx.Done():
		if takeBack() {
			return 0, context.Cause(ctx)
		}
		<-done
	}
	return n, err
}

// outOf takes the waiting out of k6's own times: it is the schedule's.
func (d *departure) outOf(trail *httpext.Trail) {
	left := d.left.Load()
	waited := time.Duration(left - d.came.Load())
	switch {
	case left == 0:
	case d.connected.Load():
		trail.Sending = max(0, trail.Sending-waited)
		trail.Duration = max(0, trail.Duration-waited)
	default:
		trail.Blocked = max(0, trail.Blocked-waited)
	}
}
