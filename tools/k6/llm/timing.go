package llm

import (
	"math"
	"time"

	"firedrill/tools/k6/llm/histogram"
	"firedrill/tools/k6/llm/stream"
)

// anchor ties the monotonic clock to the wall clock once per process: every
// time in a record is the anchor's wall time plus a monotonic duration, so a
// step of the system clock during a run does not bend it.
var anchor = time.Now()

// now is the monotonic time since the anchor; 0 stands for "never".
func now() time.Duration { return max(time.Since(anchor), 1) }

// since is the same of a time.
func since(t time.Time) time.Duration { return t.Sub(anchor) }

// timeOf undoes it.
func timeOf(d time.Duration) time.Time { return anchor.Add(d) }

// epochMs is milliseconds since the epoch, with microseconds in the fraction.
func epochMs(d time.Duration) float64 {
	return float64((anchor.UnixNano()+int64(d))/1_000) / 1_000
}

// sinceEpochMs undoes it.
func sinceEpochMs(at float64) time.Duration {
	return time.Duration(math.Round(at*1_000))*time.Microsecond - time.Duration(anchor.UnixNano())
}

// ms is milliseconds, with microseconds in the fraction.
func ms(d time.Duration) float64 { return math.Round(float64(d)/1_000) / 1_000 }

// marks collects when what arrived. Nothing in it grows with the events.
type marks struct {
	firstEvent, firstChoice, firstContent, firstAnswer time.Duration

	last      time.Duration // the latest content
	chunks    int
	coalesced int
	gaps      *histogram.Histogram
}

// see is one event that came in the read which returned at that time.
func (m *marks) see(chunk stream.Chunk, at time.Duration) {
	if chunk.Choice {
		first(&m.firstChoice, at)
	}
	if chunk.Answer {
		first(&m.firstAnswer, at)
	}
	if !chunk.Content {
		return
	}
	if first(&m.firstContent, at); m.chunks > 0 {
		m.gaps.Add(at - m.last)
		if at == m.last {
			m.coalesced++
		}
	}
	m.last = at
	m.chunks++
}

func first(mark *time.Duration, at time.Duration) {
	if *mark == 0 {
		*mark = at
	}
}
