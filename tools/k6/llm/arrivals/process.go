package arrivals

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Process is a renewal process on a profile's clock: sums of independent gaps
// of mean 1, mapped through the inverse of Λ. Where the rate doubles, the gaps
// halve, whatever their distribution.
//
// How many arrivals come is random as well (but for constant): `vllm bench
// serve` stretches its gaps until exactly N fit, which makes them dependent.
type Process struct {
	profile *Profile
	renewal renewal
	seed    uint64
}

// renewal draws gaps of mean 1.
type renewal struct {
	// first is drawn as if the process had run forever: then Λ(t) arrivals are
	// expected by every t, also where the gaps come in bursts.
	first func(*rand.Rand) float64
	gap   func(*rand.Rand) float64
}

// The bounds keep the coefficient of variation 1/√shape between 0.03 and 32.
// Far below, gaps underflow to 0 and a schedule would not come to its end.
const minShape, maxShape = 1e-3, 1e3

// NewProcess makes a schedule of `constant`, `poisson` or `gamma` gaps.
// Burstiness is gamma's shape: 1 is Poisson, and below 1 gaps come in bursts.
func NewProcess(kind string, burstiness *float64, profile *Profile, seed uint64) (*Process, error) {
	if burstiness != nil && kind != "gamma" {
		return nil, fmt.Errorf("expected burstiness with the process gamma only, found it with %q", kind)
	}
	p := &Process{profile: profile, seed: seed}
	switch kind {
	case "constant":
		p.renewal = renewal{
			first: func(*rand.Rand) float64 { return 0 },
			gap:   func(*rand.Rand) float64 { return 1 },
		}
	case "poisson":
		p.renewal = renewal{first: exponential, gap: exponential}
	case "gamma":
		if burstiness == nil {
			return nil, errors.New("expected burstiness (1 is Poisson, below 1 bursty) with the process gamma, found none")
		}
		shape := *burstiness
		if !(shape >= minShape && shape <= maxShape) {
			return nil, fmt.Errorf("expected burstiness from %v to %v, found %v", minShape, maxShape, shape)
		}
		p.renewal = renewal{
			// A uniform part of a gap that was met in proportion to its length.
			first: func(r *rand.Rand) float64 { return r.Float64() * gamma(r, shape+1) / shape },
			gap:   func(r *rand.Rand) float64 { return gamma(r, shape) / shape },
		}
	default:
		return nil, fmt.Errorf("expected the process constant, poisson or gamma, found %q", kind)
	}
	return p, nil
}

// Expected implements Plan.
func (p *Process) Expected() float64 { return p.profile.total }

// Any other word would do; a change of it changes every schedule.
const stream = 0x6172726976616c73

// Walk implements Plan. Its memory does not grow. The draws are the same on
// every platform; so are the times, but for the last bits of logarithms, which
// the rounding to microseconds hides all but always.
func (p *Process) Walk() Walk {
	random := rand.New(rand.NewPCG(p.seed, stream))
	c := cursor{segments: p.profile.segments}
	draw, index, last := p.renewal.first, int64(0), time.Duration(0)
	return func() (Arrival, bool) {
		seconds, ok := c.advance(draw(random))
		if !ok {
			return Arrival{}, false
		}
		draw = p.renewal.gap
		last = max(last, time.Duration(math.Round(seconds*1e6))*time.Microsecond)
		arrival := Arrival{Index: index, At: last, PromptTokens: Unknown, OutputTokens: Unknown}
		index++
		return arrival, true
	}
}

// exponential by inversion: one draw each, and no rejection that a last bit could tip.
func exponential(r *rand.Rand) float64 { return -math.Log1p(-r.Float64()) }

// gamma of a shape and scale 1, after Marsaglia and Tsang, "A Simple Method for
// Generating Gamma Variables" (ACM TOMS 26, 2000).
func gamma(r *rand.Rand, shape float64) float64 {
	if shape < 1 {
		// Their section 6: a gamma of shape+1 times U^(1/shape).
		return gamma(r, shape+1) * math.Exp(-exponential(r)/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		u := 1 - r.Float64()
		if math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
