// Package histogram counts durations in a fixed amount of memory with a fixed
// relative error.
package histogram

import (
	"math/bits"
	"time"
)

const (
	octaveBits = 6 // 64 buckets per octave
	perOctave  = 1 << octaveBits
	// The largest octave begins at 2^32 µs, more than an hour; what is longer
	// counts in the last bucket, and Max still knows it.
	octaves = 32 - octaveBits + 1
	buckets = perOctave * (octaves + 1)
)

// Histogram is log-linear: whole microseconds below 128 µs, from there 64
// buckets to each doubling. The zero value is empty. Adding allocates nothing.
type Histogram struct {
	counts    [buckets]uint32
	total     int
	max       time.Duration
	low, high int // the first and the last bucket in use, once total > 0
}

// Bucket is an occupied one: its lower bound in microseconds and its count.
// It is an array, so that JSON has it as [lower, count].
type Bucket [2]int64

func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	at := bucketOf(uint64(d / time.Microsecond))
	if h.total == 0 {
		h.low, h.high = at, at
	} else {
		h.low, h.high = min(h.low, at), max(h.high, at)
	}
	h.counts[at]++
	h.total++
	h.max = max(h.max, d)
}

// Reset empties it; it touches only what was in use.
func (h *Histogram) Reset() {
	if h.total > 0 {
		clear(h.counts[h.low : h.high+1])
	}
	h.total, h.max = 0, 0
}

func (h *Histogram) Count() int { return h.total }

// Max is exact.
func (h *Histogram) Max() time.Duration { return h.max }

// Percentile is the value of the nearest rank, for percent in 1…100: the
// middle of its bucket, at most 1/128 off, and never more than the maximum.
func (h *Histogram) Percentile(percent int) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := max(1, (h.total*percent+99)/100)
	seen := 0
	for at := h.low; at <= h.high; at++ {
		seen += int(h.counts[at])
		if seen >= rank {
			lower, width := boundsOf(at)
			return min(time.Duration(lower+width/2)*time.Microsecond, h.max)
		}
	}
	return h.max
}

// Buckets are the occupied ones in ascending order, never nil.
func (h *Histogram) Buckets() []Bucket {
	if h.total == 0 {
		return []Bucket{}
	}
	occupied := 0
	for _, count := range h.counts[h.low : h.high+1] {
		if count > 0 {
			occupied++
		}
	}
	out := make([]Bucket, 0, occupied)
	for at := h.low; at <= h.high; at++ {
		if count := h.counts[at]; count > 0 {
			lower, _ := boundsOf(at)
			out = append(out, Bucket{lower, int64(count)})
		}
	}
	return out
}

// --- Internal helpers ---

// bucketOf: the octave of a value says how far it is shifted until seven bits
// are left, of which the first is always 1.
func bucketOf(micros uint64) int {
	if micros < perOctave {
		return int(micros)
	}
	shift := bits.Len64(micros) - octaveBits - 1
	return min(perOctave*shift+int(micros>>shift), buckets-1)
}

func boundsOf(at int) (lower, width int64) {
	if at < perOctave {
		return int64(at), 1
	}
	shift := at/perOctave - 1
	return int64(perOctave+at%perOctave) << shift, 1 << shift
}
