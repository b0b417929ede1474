package arrivals

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The beginnings of the published files; Azure's conversation trace, Mooncake's
// (its hashes cut short) and BurstGPT's first release.
const (
	azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
		"2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n2023-11-16 18:15:51.2224670,879,55\n"
	azure2024 = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n" +
		"2024-05-10 00:00:00.009930+00:00,2162,5\r\n2024-05-10 00:00:00.017335+00:00,2399,6\r\n"
	mooncake = `{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}` + "\n" +
		`{"timestamp": 0, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14]}` + "\n" +
		`{"timestamp": 3052, "input_length": 7236, "output_length": 794, "hash_ids": [0]}` + "\n"
	burst = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n" +
		"5,ChatGPT,472,18,490,Conversation log\n45,ChatGPT,1087,230,1317,Conversation log\n118.5,GPT-4,417,0,417,API log\n"
	own = `{"at": 250, "promptTokens": 10, "outputTokens": 4}` + "\n\n" + `{"at": 250.5}` + "\n"
)

func TestTraces(t *testing.T) {
	us := time.Microsecond
	cases := map[string]struct {
		file  string
		speed float64
		want  []Arrival
	}{
		"Azure":      {azure, 1, []Arrival{{0, 0, 374, 44}, {1, 4_314_579 * us, 396, 109}, {2, 4_541_877 * us, 879, 55}}},
		"Azure 2024": {azure2024, 1, []Arrival{{0, 0, 2162, 5}, {1, 7_405 * us, 2399, 6}}},
		"Mooncake":   {mooncake, 1, []Arrival{{0, 0, 6758, 500}, {1, 0, 7322, 490}, {2, 3_052_000 * us, 7236, 794}}},
		"BurstGPT":   {burst, 10, []Arrival{{0, 0, 472, 18}, {1, 4_000_000 * us, 1087, 230}, {2, 11_350_000 * us, 417, 0}}},
		"own":        {own, 1, []Arrival{{0, 250_000 * us, 10, 4}, {1, 250_500 * us, Unknown, Unknown}}},
		"half speed": {own, 0.5, []Arrival{{0, 500_000 * us, 10, 4}, {1, 501_000 * us, Unknown, Unknown}}},
		"with a mark": {"\xef\xbb\xbf" + strings.TrimSuffix(azure2024, "\r\n"), 1,
			[]Arrival{{0, 0, 2162, 5}, {1, 7_405 * us, 2399, 6}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			trace, err := ReadTrace(strings.NewReader(c.file), c.speed)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				var got []Arrival
				walk := trace.Walk()
				for arrival, ok := walk(); ok; arrival, ok = walk() {
					got = append(got, arrival)
				}
				if !slices.Equal(got, c.want) || trace.Expected() != float64(len(c.want)) {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestBadTracesSayWhere(t *testing.T) {
	const azureHeader, burstHeader = "TIMESTAMP,ContextTokens,GeneratedTokens\n", "Timestamp,Request tokens,Response tokens\n"
	cases := []struct{ file, says string }{
		{"", "found an empty file"},
		{"\n  \n", "found an empty file"},
		{"a,b\n1,2\n", `line 1: expected the columns TIMESTAMP, ContextTokens, GeneratedTokens (Azure) or Timestamp, Request tokens`},
		{"<html>", `found "<html>"`},
		{azureHeader, "found none"},
		{azure + "2023-11-16 18:15:51,1,2\n", "line 5: expected rows in the order of time, found one 222.467 ms earlier"},
		{azureHeader + "18:15,1,2\n", `line 2: expected TIMESTAMP to be a time such as 2023-11-16 18:15:46.6805900, found "18:15"`},
		{azureHeader + "2023-11-16 18:15:51,x,2\n", `line 2: expected ContextTokens to be a whole number from 0, found "x"`},
		{azureHeader + "2023-11-16 18:15:51,1,-2\n", `line 2: expected GeneratedTokens to be a whole number from 0, found "-2"`},
		{azureHeader + "2023-11-16 18:15:51,1\n", "line 2: expected the header's number of comma-separated values"},
		{azureHeader + "2023-11-16 18:15:51,1,\"2\n", "line 2: "},
		{burstHeader + "NaN,1,2\n", "line 2: expected a time within a year"},
		{burstHeader + "1,1,2\n1e300,1,2\n", "line 3: expected a time within a year"},
		{`{"time": 1}`, `line 1: expected {"timestamp": ms, "input_length": tokens, "output_length": tokens} (Mooncake) or {"at": ms`},
		{"{\n", "line 1: expected"},
		{mooncake + `{"at": 9000}`, `line 4: expected {"timestamp": ms`},
		{mooncake + `{"timestamp": 9000, "input_length": 1.5, "output_length": 2}`, "line 4: expected"},
		{mooncake + `{"timestamp": "9000"}`, "line 4: expected"},
		{mooncake + `{"timestamp": 1, "input_length": 1, "output_length": 2}`, "line 4: expected rows in the order of time"},
		{own + `{"at": 300, "promptTokens": -1}`, "line 4: expected"},
		{`{"at": 1700000000000}`, "line 1: expected a time within a year of the trace's start, found 1.7e+12 ms"},
		{`{"at": -1}`, "line 1: expected a time within a year"},
		{`{"at": 1}` + "\n" + strings.Repeat(" ", longestLine+1), "line 2: expected a JSON object, found a line longer than 16 MiB"},
	}
	for _, c := range cases {
		if _, err := ReadTrace(strings.NewReader(c.file), 1); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.60q: got %v, want %q", c.file, err, c.says)
		}
	}
	for _, speed := range []float64{0, -1, 1e7} {
		if _, err := ReadTrace(strings.NewReader(own), speed); err == nil || !strings.Contains(err.Error(), "speed") {
			t.Errorf("speed %v: got %v", speed, err)
		}
	}
}

func FuzzTraces(f *testing.F) {
	for _, file := range []string{azure, azure2024, mooncake, burst, own} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file string) {
		trace, err := ReadTrace(strings.NewReader(file), 1)
		if err != nil {
			return
		}
		walk, last := trace.Walk(), time.Duration(0)
		for arrival, ok := walk(); ok; arrival, ok = walk() {
			if arrival.At < last || arrival.PromptTokens < Unknown || arrival.OutputTokens < Unknown {
				t.Fatalf("%+v after %v", arrival, last)
			}
			last = arrival.At
		}
	})
}

func BenchmarkReadTrace(b *testing.B) {
	const rows = 100_000
	var lines, table strings.Builder
	table.WriteString("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n")
	for i := range rows {
		fmt.Fprintf(&lines, `{"timestamp": %d, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2, 3, 4, 5, 6, 7]}`+"\n", i)
		fmt.Fprintf(&table, "%d,ChatGPT,472,18,490,Conversation log\n", i)
	}
	for name, file := range map[string]string{"lines": lines.String(), "table": table.String()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ReadTrace(strings.NewReader(file), 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

func TestATraceMayEndEarlier(t *testing.T) {
	for over, want := range map[time.Duration]int{time.Millisecond: 1, 4_314_579 * time.Microsecond: 1, 5 * time.Second: 3} {
		trace, err := ReadTrace(strings.NewReader(azure), 1)
		if err != nil {
			t.Fatal(err)
		}
		if trace.End(over); Count(trace.Walk()) != int64(want) || trace.Expected() != float64(want) {
			t.Errorf("over %v: got %v rows, want %d", over, trace.Expected(), want)
		}
	}
}
