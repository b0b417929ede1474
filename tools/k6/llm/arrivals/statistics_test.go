package arrivals

import (
	"math"
	"slices"
	"testing"
	"time"
)

// rejects is the Kolmogorov–Smirnov test at 1 %: whether values are unlikely to
// come from a distribution. Stephens' correction makes the asymptotic value
// hold for any number of them.
func rejects(values []float64, distribution func(float64) float64) bool {
	sorted := slices.Sorted(slices.Values(values))
	n, distance := float64(len(sorted)), 0.0
	for i, value := range sorted {
		p := distribution(value)
		distance = max(distance, p-float64(i)/n, float64(i+1)/n-p)
	}
	return (math.Sqrt(n)+0.12+0.11/math.Sqrt(n))*distance > 1.628
}

func exponentialOf(rate float64) func(float64) float64 {
	return func(x float64) float64 { return 1 - math.Exp(-rate*x) }
}

func uniform(x float64) float64 { return x }

func momentsOf(values []float64) (mean, variation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	sum := 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sum/float64(len(values)-1)) / mean
}

func profileOf(t testing.TB, stages ...Stage) *Profile {
	t.Helper()
	p, err := NewProfile(stages)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// level is a rate that begins at once.
func level(t testing.TB, rate float64, over time.Duration) *Profile {
	t.Helper()
	return profileOf(t, Stage{rate, 0}, Stage{rate, over})
}

func processOf(t testing.TB, kind string, burstiness float64, profile *Profile, seed uint64) *Process {
	t.Helper()
	shape := &burstiness
	if kind != "gamma" {
		shape = nil
	}
	p, err := NewProcess(kind, shape, profile, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func timesOf(walk Walk) []time.Duration {
	var times []time.Duration
	for {
		arrival, ok := walk()
		if !ok {
			return times
		}
		times = append(times, arrival.At)
	}
}

// gapsOf are those between arrivals, in seconds.
func gapsOf(times []time.Duration) []float64 {
	var gaps []float64
	for i := 1; i < len(times); i++ {
		gaps = append(gaps, (times[i] - times[i-1]).Seconds())
	}
	return gaps
}
