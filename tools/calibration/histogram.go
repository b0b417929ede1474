package main

import (
	"maps"
	"math"
	"math/bits"
	"slices"
)

// histogram counts durations in microseconds: exact below 64, then 64 buckets
// an octave. Its keys are the buckets' lower ends.
type histogram map[int64]int

func (h histogram) add(micros int64) { h[bucketOf(micros)]++ }

func bucketOf(micros int64) int64 {
	if micros < 64 {
		return max(micros, 0)
	}
	shift := bits.Len64(uint64(micros)) - 7
	return micros >> shift << shift
}

// quantile is the nearest rank's bucket, 0 where there is nothing.
func (h histogram) quantile(q float64) int64 {
	total := 0
	for _, count := range h {
		total += count
	}
	rank := max(int(math.Ceil(q*float64(total))), 1)
	for _, bucket := range h.buckets() {
		if rank -= h[bucket]; rank <= 0 {
			return bucket
		}
	}
	return 0
}

func (h histogram) buckets() []int64 { return slices.Sorted(maps.Keys(h)) }
