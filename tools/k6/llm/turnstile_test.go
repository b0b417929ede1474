package llm

import (
	"context"
	"testing"
	"time"
)

func TestTurnstileLetsFewInAndNobodyKeepsIt(t *testing.T) {
	var ends []func()
	for range atOnce {
		ends = append(ends, begin(t.Context()))
	}
	// Full: who is cancelled goes on without a place, and gives none back.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	begun := time.Now()
	begin(gone)()
	// None of the places is given back by hand: patience does it.
	begin(t.Context())()
	if waited := time.Since(begun); waited > 2*time.Second {
		t.Errorf("waited %v for a place that somebody kept", waited)
	}
	for _, end := range ends {
		end()
		end()
	}
	if deadline := time.Now().Add(5 * time.Second); len(turnstile) > 0 {
		for len(turnstile) > 0 && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		if len(turnstile) > 0 {
			t.Errorf("%d places are taken for ever", len(turnstile))
		}
	}
}
