package main

import "testing"

func TestNamesAreOfThoseWithSamplesInTheSpan(t *testing.T) {
	var s session
	opened(&s, downRule)
	names := func(from, to int64) { s.json(frameAsk, askRequest{Kind: "names", From: start + from, To: start + to}) }
	names(0, 1_000)
	s.name(0, "__name__", "b", "of", "x")
	s.name(1, "__name__", "a")
	s.scrape(start+1_000, 0, 1)
	s.scrape(start+3_000, 1, 1)
	names(0, 3_000)
	names(1_000, 2_999)
	names(3_001, 9_000)
	want := []string{`[]`, `["a","b"]`, `["b"]`, `[]`}
	for at, got := range s.answers(t)[1:] {
		if got != want[at] {
			t.Errorf("question %d: got %s, want %s", at, got, want[at])
		}
	}
}
