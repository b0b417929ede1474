package arrivals

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Stage moves the rate in a straight line to To requests per second. The first
// starts from 0; one that takes no time is a jump.
type Stage struct {
	To   float64
	Over time.Duration
}

// Profile is a rate over time λ(t), and its integral Λ(t): the number of
// requests expected by then.
type Profile struct {
	segments []segment
	total    float64
	length   float64
}

// segment is a stretch in which the rate is a straight line. Seconds and
// requests per second.
type segment struct{ start, length, from, to, area float64 }

// Above this, times and counts lose the microsecond and the unit.
const largest = 1e9

// NewProfile joins stages.
func NewProfile(stages []Stage) (*Profile, error) {
	if len(stages) == 0 {
		return nil, errors.New("expected at least one stage {to, over}, found none")
	}
	p, rate := &Profile{}, 0.0
	for i, stage := range stages {
		if !(stage.To >= 0 && stage.To <= largest) {
			return nil, fmt.Errorf("stage %d: expected `to` to be requests per second from 0 to 1e9, found %v", i+1, stage.To)
		}
		length := stage.Over.Seconds()
		if length < 0 {
			return nil, fmt.Errorf("stage %d: expected `over` to be milliseconds from 0, found %v", i+1, stage.Over)
		}
		area := (rate + stage.To) / 2 * length
		if length > 0 {
			p.segments = append(p.segments, segment{p.length, length, rate, stage.To, area})
		}
		p.length += length
		p.total += area
		rate = stage.To
	}
	if p.total == 0 {
		return nil, errors.New("expected a stage that lasts at a rate above 0, found that no request would ever come")
	}
	return p, nil
}

// Expected is Λ at a time.
func (p *Profile) Expected(at time.Duration) float64 {
	seconds, sum := at.Seconds(), 0.0
	for _, s := range p.segments {
		if seconds < s.start+s.length {
			return sum + s.areaAt(max(0, seconds-s.start))
		}
		sum += s.area
	}
	return sum
}

func (s segment) areaAt(seconds float64) float64 {
	return seconds * (s.from + (s.to-s.from)*seconds/s.length/2)
}

// timeOf is the inverse of areaAt. This form of the quadratic's root has no
// difference that could cancel: it holds for level, nearly level and falling
// rates alike.
func (s segment) timeOf(area float64) float64 {
	slope := (s.to - s.from) / s.length
	root := math.Sqrt(max(0, s.from*s.from+2*slope*area))
	if s.from+root == 0 {
		return 0
	}
	return min(2*area/(s.from+root), s.length)
}

// cursor is the inverse of Λ, for areas that only grow. It keeps the area
// within the segment, so that long schedules lose no precision.
type cursor struct {
	segments []segment
	area     float64
}

// What rounding may take from or add to a sum of whole requests. Without it a
// constant 10/s for 0.3 s could be four requests, the last at its very end.
const slack = 1e-9

// advance goes on by an area, and returns the time in seconds, or false behind
// the end. An area that ends where the rate is 0 is reached when it rises again.
func (c *cursor) advance(area float64) (float64, bool) {
	c.area += area
	for len(c.segments) > 0 {
		s := c.segments[0]
		if c.area < s.area*(1-slack) {
			return s.start + s.timeOf(c.area), true
		}
		c.area = max(0, c.area-s.area)
		c.segments = c.segments[1:]
	}
	return 0, false
}
