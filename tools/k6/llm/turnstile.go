package llm

import (
	"context"
	"sync"
	"time"
)

const (
	atOnce   = 32
	patience = 4 * time.Millisecond
)

// turnstile has a place for each request that is being sent, or that has ended
// and is being put on record. Either costs ten times as much as to read an
// event: where a thousand users do so at once, the open streams would wait for
// all of them, since Go runs first what was ready first. So few are let in at a
// time. Who waits for the network in there gives the place back after a while:
// eight thousand requests a second can begin, wherever the server is.
var turnstile = make(chan struct{}, atOnce)

// begin waits for a place and returns what gives it back, which may be called
// again. Where ctx is done before, it goes on without.
func begin(ctx context.Context) (end func()) {
	select {
	case turnstile <- struct{}{}:
	case <-ctx.Done():
		return func() {}
	}
	leave := sync.OnceFunc(func() { <-turnstile })
	timer := time.AfterFunc(patience, leave)
	return func() {
		timer.Stop()
		leave()
	}
}
