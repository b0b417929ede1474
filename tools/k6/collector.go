package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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

// growth is GOGC for a live heap.
func growth(live uint64) int {
	return min(max(int(heapBytes*100/max(live, 1<<20))-100, 100), mostGrowth)
}

// watch calls f after the next collection: that which finds nobody holding the byte.
func watch(f func(*byte)) {
	runtime.SetFinalizer(&make([]byte, 32)[0], f)
}
