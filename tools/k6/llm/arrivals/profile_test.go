package arrivals

import (
	"math"
	"strings"
	"testing"
	"time"
)

const second = time.Second

func TestConstantArrivalsComeWhereTheAreaIsWhole(t *testing.T) {
	ms := func(values ...float64) []time.Duration {
		var out []time.Duration
		for _, v := range values {
			out = append(out, time.Duration(math.Round(v*1e3))*time.Microsecond)
		}
		return out
	}
	cases := map[string]struct {
		stages []Stage
		want   []time.Duration
	}{
		"a level":                      {[]Stage{{4, 0}, {4, second}}, ms(0, 250, 500, 750)},
		"rounding adds none":           {[]Stage{{10, 0}, {10, second / 10}, {10, second / 10}, {10, second / 10}}, ms(0, 100, 200)},
		"a ramp: i = t²":               {[]Stage{{4, 2 * second}}, ms(0, 1000, 1000*math.Sqrt2, 1000*math.Sqrt(3))},
		"a ramp down to 0":             {[]Stage{{4, 0}, {0, 2 * second}}, ms(0, 2000-1000*math.Sqrt(3), 2000-1000*math.Sqrt2, 1000)},
		"nearly level":                 {[]Stage{{4, 0}, {4 + 1e-13, second}}, ms(0, 250, 500, 750)},
		"it begins with a pause":       {[]Stage{{0, 5 * second}, {2, 0}, {2, second}}, ms(5000, 5500)},
		"a pause in the middle":        {[]Stage{{2, 0}, {2, second}, {0, 0}, {0, 3 * second}, {2, 0}, {2, second}}, ms(0, 500, 4000, 4500)},
		"down to 0 and up":             {[]Stage{{2, 0}, {0, second}, {2, second}}, ms(0, 1000)},
		"a pause at the end":           {[]Stage{{2, 0}, {2, second}, {0, 0}, {0, time.Hour}}, ms(0, 500)},
		"jumps only count at the last": {[]Stage{{9, 0}, {7, 0}, {2, 0}, {2, second}}, ms(0, 500)},
		"less than one":                {[]Stage{{0.25, 0}, {0.25, second}}, ms(0)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := timesOf(processOf(t, "constant", 0, profileOf(t, c.stages...), 1).Walk())
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestTimesAreThoseOfTheirArea(t *testing.T) {
	profiles := map[string]*Profile{
		"up, down and pauses": profileOf(t, Stage{50, 10 * second}, Stage{0, 10 * second}, Stage{0, second}, Stage{80, 0}, Stage{3, 7 * second}),
		"a day":               profileOf(t, Stage{100, 12 * time.Hour}, Stage{0, 12 * time.Hour}),
		"hardly a slope":      profileOf(t, Stage{100, 0}, Stage{100.0000001, time.Hour}, Stage{100, time.Hour}),
		"steep":               profileOf(t, Stage{1e5, time.Millisecond}, Stage{0, time.Millisecond}, Stage{1, time.Second}),
	}
	for name, p := range profiles {
		// One cursor for all: their sum must not drift.
		c, steps := cursor{segments: p.segments}, 100_000
		for i := range steps {
			area := p.total * float64(i) / float64(steps)
			seconds, ok := c.advance(p.total / float64(steps) * float64(min(i, 1)))
			back := p.Expected(time.Duration(seconds * 1e9))
			// Times are whole nanoseconds here: worth rate × 1 ns of area.
			if !ok || math.Abs(back-area) > 1e-9*p.total+1e5*1e-9 {
				t.Fatalf("%s: step %d: the area of %v s is %v, want %v", name, i, seconds, back, area)
			}
		}
		if got := p.Expected(time.Duration(p.length * 1e9)); math.Abs(got-p.total) > 1e-9*p.total {
			t.Errorf("%s: expected %v in all, found %v", name, p.total, got)
		}
	}
}

func TestStagesThatCannotBe(t *testing.T) {
	cases := map[string][]Stage{
		"at least one stage": {},
		"stage 1: expected `to` to be requests per second from 0 to 1e9, found -1": {{-1, second}},
		"stage 2: expected `to`": {{1, second}, {math.NaN(), second}},
		"found +Inf":             {{math.Inf(1), second}},
		"stage 1: expected `over` to be milliseconds from 0, found -1s": {{1, -second}},
		"no request would ever come":                                    {{5, 0}, {0, 0}, {0, second}},
	}
	for says, stages := range cases {
		if _, err := NewProfile(stages); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: got %v, want %q", stages, err, says)
		}
	}
}
