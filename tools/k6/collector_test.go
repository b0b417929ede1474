package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestHeapGrowsToItsSizeAndNoFurther(t *testing.T) {
	for live, want := range map[uint64]int{0: 200, 10 << 20: 200, 100 << 20: 190, 120 << 20: 141, 145 << 20: 100, 1 << 30: 100} {
		if got := growth(live); got != want {
			t.Errorf("%d MiB live: got %d %%, want %d %%", live>>20, got, want)
		}
	}
}

func TestEveryCollectionIsFollowed(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	tuneCollector()
	held := make([]byte, 0)
	for _, live := range []int{1, 120, 400, 1} {
		held = make([]byte, live<<20)
		want := growth(uint64(live) << 20)
		got := 0
		for range 50 {
			runtime.GC()
			time.Sleep(5 * time.Millisecond) // finalizers run by themselves
			got = debug.SetGCPercent(100)
			debug.SetGCPercent(got)
			if got > want-15 && got < want+15 {
				break
			}
		}
		if got <= want-15 || got >= want+15 {
			t.Errorf("%d MiB live: got %d %%, want about %d %%", live, got, want)
		}
		runtime.KeepAlive(held)
	}
}

func TestAQuietMomentIsUsed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	held := make([]byte, 64<<20)
	runtime.GC()
	debug.SetGCPercent(100) // the next at about 128 MiB
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, quiet := make(chan struct{}), make(chan time.Duration, 1)
	quiet <- 0
	go collectWhileQuiet(func() time.Duration {
		now := <-quiet
		quiet <- now
		select {
		case <-stop:
			return 0
		default:
			return now
		}
	})
	defer close(stop)
	garbage := make([]byte, 40<<20)
	runtime.KeepAlive(garbage)
	time.Sleep(4 * quietEvery)
	runtime.ReadMemStats(&after)
	if after.NumGC != before.NumGC {
		t.Fatalf("collected %d times while requests were sent", after.NumGC-before.NumGC)
	}
	<-quiet
	quiet <- time.Second
	for range 50 {
		if runtime.ReadMemStats(&after); after.NumGC > before.NumGC {
			break
		}
		time.Sleep(quietEvery)
	}
	if after.NumGC == before.NumGC {
		t.Error("did not collect in the quiet")
	}
	runtime.KeepAlive(held)
}
