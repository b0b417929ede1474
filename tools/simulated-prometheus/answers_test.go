package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const mixedRules = `
groups:
  - name: a
    labels: { team: t, severity: none }
    rules:
      - alert: Level
        expr: max by (pod) (avg_over_time(x[8s])) > 0.5
        for: 4s
        labels: { severity: warning, empty: '' }
        annotations: { summary: '{{ $value }}' }
      - alert: Gone
        expr: absent(x{pod="p1"}) or count(x) < 3
        labels: { pod: all, of: 'pod {{ $labels.pod }}' }
      - alert: Rate
        expr: sum(rate(y_total[10s])) / (sum(rate(y_total[20s] offset 4s)) > 0.1) < 0.8
        for: 2s
        keep_firing_for: 6s
  - name: b
    interval: 3s
    rules:
      - alert: Level
        expr: max by (pod) (avg_over_time(x[8s])) > 0.5
      - alert: Quantile
        expr: avg_over_time((sum(x) + 0)[10s:2s]) > 1.4 and on () sum(x) > 0
      - alert: Sometimes wrong
        expr: x * on (pod) group_left x > 0.9
`

// play sends a minute of random series that come, go, and are marked as stale late; evaluations are due all the time.
func play(seed uint64, rules string, apart, bare bool) *session {
	random := rand.New(rand.NewPCG(seed, 1))
	s := &session{}
	s.json(frameOpen, openRequest{
		Rules: map[string]string{"/rules/a.yaml": rules}, EvaluationIntervalMs: 2_000, From: start, Aligned: true, Bare: bare,
	})
	counter := 0.0
	for pod := range uint32(4) {
		s.name(pod, "__name__", "x", "pod", fmt.Sprint("p", pod))
	}
	s.name(4, "__name__", "y_total")
	stale := map[int64]uint32{}
	for ms := int64(0); ms < 60_000; ms += 500 {
		for pod := range uint32(4) {
			if (ms/500)%4 == int64(pod) && random.Float64() < 0.9 {
				s.scrape(start+ms+int64(random.IntN(400)), pod, random.Float64())
			}
		}
		if random.Float64() < 0.05 {
			stale[ms+4_000] = uint32(random.IntN(4))
		}
		if pod, ok := stale[ms]; ok {
			s.stale(start+ms-2_200, pod)
		}
		counter += random.Float64() * 3
		s.scrape(start+ms+450, 4, counter)
		s.evaluate(start + ms + 499)
		// Any question that may read alerts has the evaluations made first.
		if apart {
			s.query("ALERTS", start+ms)
		}
	}
	s.query("{__name__=~\"ALERTS.*\"}[2m]", start+60_000)
	s.json(frameAsk, askRequest{Kind: "conditions", NameLabel: "n", GroupLabel: "g"})
	s.json(frameAsk, askRequest{Kind: "rules"})
	return s
}

func TestEvaluationsPutOffAreTheSame(t *testing.T) {
	for seed := range uint64(20) {
		same(t, play(seed, mixedRules, false, false), play(seed, mixedRules, true, false))
	}
}

func TestIncidentsWithoutAnnotationsAreTheSame(t *testing.T) {
	rules := strings.ReplaceAll(mixedRules, "annotations: { summary: '{{ $value }}' }", "")
	for seed := range uint64(5) {
		same(t, play(seed, rules, false, true), play(seed, rules, false, false))
	}
}

// same compares what the last three questions were answered: alerts, conditions and rules.
func same(t *testing.T, one, other *session) {
	t.Helper()
	left, right := one.answers(t), other.answers(t)
	for last := 1; last <= 3; last++ {
		got, want := sorted(t, left[len(left)-last]), sorted(t, right[len(right)-last])
		if got != want {
			t.Fatalf("got %s\nwant %s", got, want)
		}
	}
}
