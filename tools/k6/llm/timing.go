package llm

import (
	"math"
	"slices"
	"time"
)

// anchor ties the monotonic clock to the wall clock once per process: every
// time in a record is the anchor's wall time plus a monotonic duration, so a
// step of the system clock during a run does not bend it.
var anchor = time.Now()

// since is the monotonic time since the anchor.
func since(t time.Time) time.Duration { return t.Sub(anchor) }

// epochMs is milliseconds since the epoch, with microseconds in the fraction.
func epochMs(d time.Duration) float64 {
	return float64((anchor.UnixNano()+int64(d))/1_000) / 1_000
}

// ms is milliseconds, with microseconds in the fraction.
func ms(d time.Duration) float64 { return math.Round(float64(d)/1_000) / 1_000 }

// marks collects when content arrived.
type marks struct {
	first, last time.Duration
	chunks      int
	gaps        []time.Duration
}

func (m *marks) content(at time.Duration) {
	if m.chunks == 0 {
		m.first = at
	} else {
		m.gaps = append(m.gaps, at-m.last)
	}
	m.last = at
	m.chunks++
}

// worst is the largest gap and the 99th percentile (nearest rank). It sorts.
func (m *marks) worst() (largest, p99 time.Duration, any bool) {
	count := len(m.gaps)
	if count == 0 {
		return 0, 0, false
	}
	slices.Sort(m.gaps)
	rank := int(math.Ceil(0.99 * float64(count)))
	return m.gaps[count-1], m.gaps[rank-1], true
}
