package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// The live heap of a thousand users of a small script is 110 to 140 MB. A
	// collection then takes a quarter of a core for some tenths of a second, in
	// which requests are sent late: rather fewer of them, and 400 MB in all.
	heapBytes  = 290 << 20
	mostGrowth = 200 // percent: small scripts stay small
)

// tuneCollector lets the heap grow to heapBytes between collections, where that
// is two to three times what is live. Whoever sets GOGC or GOMEMLIMIT knows
// better.
func tuneCollector() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var afterCollection func(*byte)
	afterCollection = func(*byte) {
		metrics.Read(live)
		debug.SetGCPercent(growth(live[0].Value.Uint64()))
		watch(afterCollection)
	}
	watch(afterCollection)
}

const (
	quietFor   = 150 * time.Millisecond
	quietEvery = 100 * time.Millisecond
	quietFull  = 0.7 // of the heap at which a collection would come by itself
)

// collectWhileQuiet collects early where no request begins or ends, according
// to quiet. Users in step all begin at once: that is when they allocate, and so
// when a collection would come by itself, and slow down who is busiest.
func collectWhileQuiet(quiet func() time.Duration) {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/goal:bytes"}}
	for range time.Tick(quietEvery) {
		if quiet() < quietFor {
			continue
		}
		metrics.Read(heap)
		if float64(heap[0].Value.Uint64()) > quietFull*float64(heap[1].Value.Uint64()) {
			runtime.GC()
		}
	}
}

// growth is GOGC for a live heap.
func growth(live uint64) int {
	return min(max(int(heapBytes*100/max(live, 1<<20))-100, 100), mostGrowth)
}

// watch calls f after the next collection: that which finds nobody holding the byte.
func watch(f func(*byte)) {
	runtime.SetFinalizer(&make([]byte, 32)[0], f)
}
