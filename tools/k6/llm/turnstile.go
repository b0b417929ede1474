package llm

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	atOnce   = 16
	patience = 100 * time.Millisecond
)

// turnstile has a place for each request that the processor is busy to send, or
// to put on record. Either costs ten times as much as to read an event: where a
// thousand users do so at once, the open streams would wait for all of them,
// since Go runs first what was ready first. So few are let in at a time. Who
// waits for the network has no place.
var turnstile = make(chan struct{}, atOnce)

// lastLeft is when somebody left; 0 before the first.
var lastLeft atomic.Int64

// Quiet is for how long no request has been sent or put on record; 0 before the first.
func Quiet() time.Duration {
	left := time.Duration(lastLeft.Load())
	if left == 0 || len(turnstile) > 0 {
		return 0
	}
	return now() - left
}

// place is one request's at the turnstile. Its methods may be called by several
// goroutines, and in any order.
type place struct {
	mutex sync.Mutex
	held  bool
	over  bool
	timer *time.Timer
}

// enter waits for a place, unless there is one already or none is wanted any
// more. Where ctx is done before, it goes on without.
func (p *place) enter(ctx context.Context) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.held || p.over {
		return
	}
	select {
	case turnstile <- struct{}{}:
		p.held = true
		// Somebody blocks where nobody thought of it: a body that the network does not take.
		p.timer = time.AfterFunc(patience, p.leave)
	case <-ctx.Done():
	}
}

// leave gives the place back, if there is one.
func (p *place) leave() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.release()
}

// close gives the place back for good.
func (p *place) close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.over = true
	p.release()
}

func (p *place) release() {
	if p.held {
		p.timer.Stop()
		<-turnstile
		p.held = false
		lastLeft.Store(int64(now()))
	}
}
