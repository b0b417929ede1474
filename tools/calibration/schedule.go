package main

import "fmt"

// schedule says when a stream's events are due. Times are nanoseconds since
// the epoch.
type schedule struct {
	first    int64 // from the request to its first event, at least
	interval int64 // between two events
	inStep   bool
}

func newSchedule(firstMs, intervalMs float64, phase string) (schedule, error) {
	s := schedule{first: int64(firstMs * 1e6), interval: int64(intervalMs * 1e6), inStep: phase == "in-step"}
	if s.first < 0 || s.interval <= 0 {
		return s, fmt.Errorf("expected --first of at least 0 and --interval above 0, found %g and %g", firstMs, intervalMs)
	}
	if !s.inStep && phase != "random" {
		return s, fmt.Errorf("expected --phase in-step or random, found %s", phase)
	}
	return s, nil
}

// firstAt is when a stream's first event is due. In step, all streams emit on
// one grid of ticks, as an engine's step loop does; otherwise each stream has a
// phase of its own, drawn from its number.
func (s schedule) firstAt(received int64, stream uint64) int64 {
	earliest := received + s.first
	if s.inStep {
		return (earliest + s.interval - 1) / s.interval * s.interval
	}
	return earliest + int64(mix(stream)%uint64(s.interval))
}

// mix is splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
