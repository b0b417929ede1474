package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

type readRow struct {
	ID           string
	TTFT         float64
	GapMax       float64
	OutputTokens int
	Outcome      string
	Gaps         [][2]int64
}

func readRows(t *testing.T, path string) []readRow {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []readRow
	for line := range strings.Lines(string(text)) {
		var row readRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestParseRequest(t *testing.T) {
	for _, c := range []struct {
		in   string
		want request
		err  error
	}{
		{"POST /v1/x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", request{path: "/v1/x", length: 44}, nil},
		{"POST /v1/x HTTP/1.1\r\ncontent-length:2\r\nx-request-id: a b \r\n\r\n{}POST", request{path: "/v1/x", id: "a b", length: 63}, nil},
		{"GET /health HTTP/1.1\r\n\r\n", request{path: "/health", length: 24}, nil},
		{"POST /v1/x HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}", request{path: "/v1/x", length: 45}, errIncomplete},
		{"POST /v1", request{}, errIncomplete},
		{strings.Repeat("x", 70_000), request{}, errMalformed},
		{"POST\r\n\r\n", request{}, errMalformed},
		{"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", request{}, errMalformed},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", request{}, errMalformed},
	} {
		if got, err := parseRequest([]byte(c.in)); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%.60q: expected %+v, %v, found %+v, %v", c.in, c.want, c.err, got, err)
		}
	}
}

func TestFirstAt(t *testing.T) {
	inStep, err := newSchedule(200, 40, "in-step")
	if err != nil {
		t.Fatal(err)
	}
	random, _ := newSchedule(200, 40, "random")
	phases := map[int64]bool{}
	for stream := range uint64(1000) {
		received := int64(1_795_310_941_000_000_000) + int64(mix(stream)%1e9)
		if at := inStep.firstAt(received, stream); at%40e6 != 0 || at < received+200e6 || at >= received+240e6 {
			t.Errorf("in step: %d after %d", at, received)
		}
		after := random.firstAt(received, stream) - received
		if after < 200e6 || after >= 240e6 {
			t.Errorf("random: %d", after)
		}
		phases[after/1e6] = true
	}
	if len(phases) != 40 {
		t.Errorf("expected phases all over the interval, found %d of 40 ms", len(phases))
	}
	for _, bad := range []struct {
		first, interval float64
		phase           string
	}{{-1, 40, "random"}, {0, 0, "random"}, {0, 40, "other"}} {
		if _, err := newSchedule(bad.first, bad.interval, bad.phase); err == nil {
			t.Errorf("%+v: expected an error", bad)
		}
	}
}

func TestHistogram(t *testing.T) {
	for micros, bucket := range map[int64]int64{-1: 0, 0: 0, 63: 63, 64: 64, 65: 65, 127: 127, 128: 128, 129: 128, 130: 130, 40_000: 39_936, 65_536: 65_536} {
		if got := bucketOf(micros); got != bucket {
			t.Errorf("%d: expected %d, found %d", micros, bucket, got)
		}
	}
	h := histogram{}
	if h.quantile(0.5) != 0 {
		t.Error("expected 0 of nothing")
	}
	for micros := range int64(50) {
		h.add(micros)
	}
	if h.quantile(0.5) != 24 || h.quantile(1) != 49 {
		t.Errorf("found %d and %d", h.quantile(0.5), h.quantile(1))
	}
}
