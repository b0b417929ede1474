package main

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// row is one request of the reader, told in the fields of firedrill's request
// records.
type row struct {
	id        string
	intended  *time.Time
	started   time.Time
	written   atomic.Pointer[time.Time]
	ended     time.Time
	at        []time.Time // content events
	coalesced int
	ok        bool
}

func (x *row) record() map[string]any {
	gaps, buckets := make([]time.Duration, 0, len(x.at)), histogram{}
	for index := 1; index < len(x.at); index++ {
		gap := x.at[index].Sub(x.at[index-1])
		gaps = append(gaps, gap)
		buckets.add(gap.Microseconds())
	}
	slices.Sort(gaps)
	pairs := [][2]int64{}
	for _, bucket := range buckets.buckets() {
		pairs = append(pairs, [2]int64{bucket, int64(buckets[bucket])})
	}
	record := map[string]any{
		"id": x.id, "intended": nil, "started": epochMs(x.started), "written": nil, "ended": epochMs(x.ended),
		"ttft": nil, "gapMax": nil, "gapP99": nil, "gaps": pairs, "chunks": len(x.at), "coalesced": x.coalesced,
		"outputTokens": len(x.at), "outcome": "other",
	}
	if x.intended != nil {
		record["intended"] = epochMs(*x.intended)
	}
	if written := x.written.Load(); written != nil {
		record["written"] = epochMs(*written)
		if len(x.at) > 0 {
			record["ttft"] = millis(x.at[0].Sub(*written))
		}
	}
	if len(gaps) > 0 {
		record["gapMax"] = millis(gaps[len(gaps)-1])
		record["gapP99"] = millis(gaps[int(math.Ceil(0.99*float64(len(gaps))))-1])
	}
	if x.ok {
		record["outcome"] = "ok"
	}
	return record
}

func epochMs(t time.Time) float64    { return float64(t.UnixMicro()) / 1e3 }
func millis(d time.Duration) float64 { return float64(d) / 1e6 }
