package arrivals

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheFirstTimesOfASeed(t *testing.T) {
	// A change here changes every load that anybody has on file.
	want := map[string]string{
		"constant": "[0s 5ms 10ms 15ms 20ms 25ms]",
		"poisson":  "[2.413ms 7.389ms 16.344ms 24.381ms 29.278ms 32.183ms]",
		"gamma":    "[2.502ms 4.507ms 4.64ms 10.498ms 21.884ms 21.95ms]",
	}
	for kind, times := range want {
		got := timesOf(processOf(t, kind, 0.25, level(t, 200, second), 1).Walk())
		if fmt.Sprint(got[:6]) != times {
			t.Errorf("%s: got %v, want %v", kind, got[:6], times)
		}
	}
}

func TestASeedIsASchedule(t *testing.T) {
	for _, kind := range []string{"poisson", "gamma"} {
		p := processOf(t, kind, 0.5, level(t, 200, 5*second), 7)
		first := timesOf(p.Walk())
		if again := timesOf(p.Walk()); !slices.Equal(first, again) {
			t.Errorf("%s: two walks differ", kind)
		}
		other := timesOf(processOf(t, kind, 0.5, level(t, 200, 5*second), 8).Walk())
		if slices.Equal(first, other) || slices.Equal(first[:3], other[:3]) {
			t.Errorf("%s: two seeds have the same times", kind)
		}
	}
}

func TestPoissonGapsAreExponential(t *testing.T) {
	const seeds = 200
	var rejected, total float64
	for seed := range uint64(seeds) {
		times := timesOf(processOf(t, "poisson", 0, level(t, 200, time.Minute), seed).Walk())
		total += float64(len(times))
		if rejects(gapsOf(times), exponentialOf(200)) {
			rejected++
		}
	}
	// A true sample is rejected once in a hundred: of 200, more than 8 with a probability of 0.0002.
	if rejected > 8 {
		t.Errorf("%v of %v seeds were rejected", rejected, seeds)
	}
	// The counts are Poisson as well: 12,000 each, with a standard deviation of 110.
	if mean := total / seeds; math.Abs(mean-12_000) > 4*math.Sqrt(12_000/seeds) {
		t.Errorf("%v arrivals on average", mean)
	}
}

func TestTheTestCanTellOtherGaps(t *testing.T) {
	for name, p := range map[string]*Process{
		"a little smoother": processOf(t, "gamma", 1.15, level(t, 200, time.Minute), 1),
		"a little burstier": processOf(t, "gamma", 0.87, level(t, 200, time.Minute), 1),
		"constant":          processOf(t, "constant", 0, level(t, 200, time.Minute), 1),
		"4 % too fast":      processOf(t, "poisson", 0, level(t, 208, time.Minute), 1),
	} {
		if !rejects(gapsOf(timesOf(p.Walk())), exponentialOf(200)) {
			t.Errorf("%s passes for Poisson at 200/s", name)
		}
	}
}

func TestGammaGapsHaveTheirShape(t *testing.T) {
	for _, shape := range []float64{0.1, 0.25, 0.5, 1, 2, 10, 1000} {
		gaps := gapsOf(timesOf(processOf(t, "gamma", shape, level(t, 1, 300_000*second), 3).Walk()))
		mean, variation := momentsOf(gaps)
		if want := 1 / math.Sqrt(shape); math.Abs(mean-1) > 0.02*want+0.002 || math.Abs(variation/want-1) > 0.03 {
			t.Errorf("shape %v: mean %.4f, CV %.4f, want 1 and %.4f", shape, mean, variation, want)
		}
	}
	// Where the distribution has a closed form: a chi-square of 1 degree, and Erlang's.
	forms := map[float64]func(float64) float64{
		0.5: func(x float64) float64 { return math.Erf(math.Sqrt(x / 2)) },
		1:   exponentialOf(1),
		2:   func(x float64) float64 { return 1 - (1+2*x)*math.Exp(-2*x) },
	}
	for shape, form := range forms {
		rejected := 0
		for seed := range uint64(50) {
			if rejects(gapsOf(timesOf(processOf(t, "gamma", shape, level(t, 1, 10_000*second), seed).Walk())), form) {
				rejected++
			}
		}
		if rejected > 4 { // 0.0002
			t.Errorf("shape %v: %d of 50 seeds were rejected", shape, rejected)
		}
	}
}

// An ordinary renewal process with these bursts has 1.5 arrivals too many from the start on.
func TestBurstsDoNotAddArrivals(t *testing.T) {
	const seeds = 20_000
	total := 0.0
	for seed := range uint64(seeds) {
		total += float64(len(timesOf(processOf(t, "gamma", 0.25, level(t, 4, second), seed).Walk())))
	}
	if mean := total / seeds; math.Abs(mean-4) > 0.1 {
		t.Errorf("%v arrivals on average, want 4", mean)
	}
}

func TestRampsKeepTheProcess(t *testing.T) {
	profile := profileOf(t, Stage{200, 30 * second}, Stage{200, 10 * second}, Stage{50, 0}, Stage{50, 10 * second},
		Stage{0, 20 * second}, Stage{0, 5 * second}, Stage{100, 0}, Stage{100, 10 * second})
	rejected := map[string]int{}
	for seed := range uint64(100) {
		var places, gaps []float64
		last := 0.0
		for _, at := range timesOf(processOf(t, "poisson", 0, profile, seed).Walk()) {
			area := profile.Expected(at)
			places, gaps = append(places, area/profile.total), append(gaps, area-last)
			last = area
		}
		if rejects(places, uniform) {
			rejected["Λ(t) is not uniform"]++
		}
		if rejects(gaps, exponentialOf(1)) {
			rejected["the gaps of Λ(t) are not exponential"]++
		}
	}
	for says, count := range rejected {
		if count > 5 { // 0.0005
			t.Errorf("%s for %d of 100 seeds", says, count)
		}
	}
}

func TestProcessesThatCannotBe(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	cases := []struct {
		kind       string
		burstiness *float64
		says       string
	}{
		{"uniform", nil, `expected the process constant, poisson or gamma, found "uniform"`},
		{"", nil, `found ""`},
		{"gamma", nil, "expected burstiness"},
		{"gamma", number(0), "from 0.001 to 1000, found 0"},
		{"gamma", number(math.NaN()), "found NaN"},
		{"poisson", number(1), `gamma only, found it with "poisson"`},
	}
	for _, c := range cases {
		if _, err := NewProcess(c.kind, c.burstiness, level(t, 1, second), 1); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func FuzzSchedules(f *testing.F) {
	f.Add(uint64(1), byte(0), 1.0, []byte{4, 0, 4, 10})
	f.Add(uint64(2), byte(1), 1.0, []byte{0, 10, 200, 10, 0, 10})
	f.Add(uint64(3), byte(2), 0.25, []byte{255, 0, 0, 1, 0, 0, 7, 255})
	f.Fuzz(func(t *testing.T, seed uint64, kind byte, shape float64, shapeOfStages []byte) {
		var stages []Stage
		for i := 0; i+1 < len(shapeOfStages) && i < 16; i += 2 {
			stages = append(stages, Stage{float64(shapeOfStages[i]) / 16, time.Duration(shapeOfStages[i+1]) * second / 4})
		}
		profile, err := NewProfile(stages)
		if err != nil {
			return
		}
		name := []string{"constant", "poisson", "gamma"}[kind%3]
		burstiness := &shape
		if name != "gamma" {
			burstiness = nil
		}
		process, err := NewProcess(name, burstiness, profile, seed)
		if err != nil {
			return
		}
		walk, last, count := process.Walk(), time.Duration(0), int64(0)
		for {
			arrival, ok := walk()
			if !ok {
				break
			}
			if arrival.Index != count || arrival.At < last || arrival.At%time.Microsecond != 0 {
				t.Fatalf("arrival %d is %+v after %v", count, arrival, last)
			}
			count, last = count+1, arrival.At
			assertInside(t, profile, arrival.At)
		}
		if _, ok := walk(); ok {
			t.Fatal("there is one behind the last")
		}
		spread := map[string]float64{"constant": 1, "poisson": 10 * math.Sqrt(profile.total+1), "gamma": math.Inf(1)}[name]
		if math.Abs(float64(count)-profile.total) > spread {
			t.Fatalf("%s: %d arrivals, expected %v", name, count, profile.total)
		}
	})
}

// assertInside: within the stages, and never where the rate is 0 but at its rounded edges.
func assertInside(t *testing.T, profile *Profile, at time.Duration) {
	t.Helper()
	edge := 1e-6
	for _, s := range profile.segments {
		if at.Seconds() > s.start+edge && at.Seconds() < s.start+s.length-edge {
			if s.from == 0 && s.to == 0 {
				t.Fatalf("an arrival at %v, in a pause", at)
			}
			return
		}
	}
	if at.Seconds() > profile.length {
		t.Fatalf("an arrival at %v, behind the end", at)
	}
}
