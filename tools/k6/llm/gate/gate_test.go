package gate

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func TestWhatHasPassedRunsAtOnce(t *testing.T) {
	ran := false
	takeBack := New().At(time.Now(), func() { ran = true })
	if !ran {
		t.Fatal("expected it to have run")
	}
	if takeBack() {
		t.Error("expected that it cannot be taken back any more")
	}
}

func TestEachRunsAtItsTimeAndInTheirOrder(t *testing.T) {
	g := New()
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Now().Add(20 * time.Millisecond)
	var ran []time.Time
	var all sync.WaitGroup
	for range 200 {
		due := start.Add(time.Duration(random.IntN(100)) * time.Millisecond / 2)
		all.Add(1)
		g.At(due, func() {
			if time.Now().Before(due) {
				t.Error("expected nothing before its time")
			}
			ran = append(ran, due)
			all.Done()
		})
	}
	all.Wait()
	for i := 1; i < len(ran); i++ {
		if ran[i].Before(ran[i-1]) {
			t.Fatal("expected the earliest first")
		}
	}
}

func TestWhatIsTakenBackDoesNotRun(t *testing.T) {
	g := New()
	due := time.Now().Add(30 * time.Millisecond)
	ran := make(chan int, 3)
	g.At(due, func() { ran <- 1 })
	takeBack := g.At(due, func() { ran <- 2 })
	g.At(due.Add(time.Millisecond), func() { ran <- 3 })
	if !takeBack() || takeBack() {
		t.Error("expected to take it back, and once only")
	}
	if first, second := <-ran, <-ran; first != 1 || second != 3 {
		t.Errorf("expected 1 and 3, found %d and %d", first, second)
	}
}
