package llm

import (
	"context"
	"testing"
	"time"
)

func TestTurnstileLetsFewInAndNobodyKeepsIt(t *testing.T) {
	held := make([]place, atOnce)
	for i := range held {
		held[i].enter(t.Context())
		held[i].enter(t.Context()) // has one
	}
	if len(turnstile) != atOnce {
		t.Fatalf("%d of %d places are taken", len(turnstile), atOnce)
	}
	// Who is cancelled goes on without a place, and gives none back.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var late place
	late.enter(gone)
	late.leave()
	if len(turnstile) != atOnce {
		t.Fatalf("%d of %d places are taken", len(turnstile), atOnce)
	}
	// Patience gives the places back.
	begun := time.Now()
	late.enter(t.Context())
	if waited := time.Since(begun); waited < patience/2 || waited > 20*patience {
		t.Errorf("waited %v for a place that others kept", waited)
	}
	late.close()
	late.enter(t.Context()) // wants none any more
	for i := range held {
		held[i].close()
		held[i].leave()
	}
	if len(turnstile) > 0 {
		t.Errorf("%d places are taken for ever", len(turnstile))
	}
}
