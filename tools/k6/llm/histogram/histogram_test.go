package histogram

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// exact is the nearest rank of the sorted values in whole microseconds.
func exact(sorted []time.Duration, percent int) time.Duration {
	rank := max(1, (len(sorted)*percent+99)/100)
	return sorted[rank-1].Truncate(time.Microsecond)
}

func TestPercentilesAreThoseOfTheSortedValues(t *testing.T) {
	shapes := map[string]func(r *rand.Rand) time.Duration{
		"nanoseconds to hours": func(r *rand.Rand) time.Duration { return time.Duration(1) << r.IntN(42) },
		"gaps of 40 ms":        func(r *rand.Rand) time.Duration { return time.Duration((40 + r.NormFloat64()) * 1e6) },
		"exponential":          func(r *rand.Rand) time.Duration { return time.Duration(r.ExpFloat64() * 1e7) },
		"small":                func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(200_000)) },
		"one value":            func(*rand.Rand) time.Duration { return 123_456_789 },
		"zero and a stall":     func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(50)/49) * time.Minute },
	}
	for name, draw := range shapes {
		t.Run(name, func(t *testing.T) {
			var h Histogram
			for seed := range uint64(50) {
				h.Reset()
				r := rand.New(rand.NewPCG(seed, 1))
				values := make([]time.Duration, 1+r.IntN(3_000))
				for i := range values {
					values[i] = draw(r)
					h.Add(values[i])
				}
				slices.Sort(values)
				if h.Max() != values[len(values)-1] || h.Count() != len(values) {
					t.Fatalf("seed %d: max %v of %d, want %v of %d", seed, h.Max(), h.Count(), values[len(values)-1], len(values))
				}
				for percent := 1; percent <= 100; percent++ {
					got, want := h.Percentile(percent), exact(values, percent)
					if off := (got - want).Abs(); off > want/64 && off >= time.Microsecond {
						t.Fatalf("seed %d: p%d is %v, want %v", seed, percent, got, want)
					}
				}
				if p100 := h.Percentile(100); p100 > h.Max() {
					t.Fatalf("seed %d: p100 %v exceeds the maximum %v", seed, p100, h.Max())
				}
			}
		})
	}
}

func TestBucketsAreSparseAndHoldEveryValue(t *testing.T) {
	var h Histogram
	if got := h.Buckets(); got == nil || len(got) != 0 || h.Percentile(99) != 0 {
		t.Errorf("empty: %v, p99 %v", got, h.Percentile(99))
	}
	for _, micros := range []int64{0, 63, 63, 64, 127, 128, 129, 130, 40_000, 1 << 40} {
		h.Add(time.Duration(micros) * time.Microsecond)
	}
	lastBucket := int64(perOctave*2-1) << (octaves - 1)
	want := []Bucket{{0, 1}, {63, 2}, {64, 1}, {127, 1}, {128, 2}, {130, 1}, {39_936, 1}, {lastBucket, 1}}
	if got := h.Buckets(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	h.Reset()
	if len(h.Buckets()) != 0 || h.Count() != 0 || h.Max() != 0 || h.counts != [buckets]uint32{} {
		t.Errorf("not empty after Reset: %v", h.Buckets())
	}
}

func TestBucketsTouchEachOther(t *testing.T) {
	for at := range buckets - 1 {
		lower, width := boundsOf(at)
		next, _ := boundsOf(at + 1)
		if lower+width != next || bucketOf(uint64(lower)) != at || bucketOf(uint64(lower+width-1)) != at {
			t.Fatalf("bucket %d is %d + %d, the next begins at %d", at, lower, width, next)
		}
	}
}

func TestAddingAllocatesNothing(t *testing.T) {
	var h Histogram
	if got := testing.AllocsPerRun(1_000, func() { h.Add(40 * time.Millisecond) }); got != 0 {
		t.Errorf("got %v allocations", got)
	}
}
