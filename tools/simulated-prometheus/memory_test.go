package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// head is a TSDB with one chunk range that holds all, as Prometheus would keep an incident's last hours.
func head(t *testing.T) *tsdb.Head {
	t.Helper()
	options := tsdb.DefaultHeadOptions()
	options.ChunkDirRoot = t.TempDir()
	options.ChunkRange = (24 * time.Hour).Milliseconds()
	made, err := tsdb.NewHead(nil, nil, nil, nil, options, nil)
	if err == nil {
		err = made.Init(start - options.ChunkRange/2)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.Close() })
	return made
}

var memoryQueries = []string{
	"x", "x offset 7s", "x @ 1800000020", `{pod="p1"}`, `{__name__=~".+", pod!="p2"}`, `x{pod=~"p[13]|", zone=""}`,
	`x{nothing="here"}`, "y_total[20s]", "x[1m] offset 3s", "sum(x)", "avg by (zone) (x)", "absent(x{pod=\"p3\"})",
	"rate(y_total[10s])", "sum(increase(y_total[30s])) / count(x)", "max_over_time(sum(x)[20s:3s])", "timestamp(x)",
	"x * on (pod) group_left y_total", "last_over_time(x[45s])", "stddev_over_time(x[1m] @ end())",
}

func TestMemoryAnswersAsATSDBDoes(t *testing.T) {
	engine := newEngine(2_000)
	var before *memory
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 2))
		real, held := head(t), newMemory(before)
		before = held
		var known []labels.Labels
		for pod := range 4 {
			known = append(known, labels.FromStrings("__name__", "x", "pod", fmt.Sprint("p", pod), "zone", []string{"", "a"}[pod%2]))
			known = append(known, labels.FromStrings("__name__", "y_total", "pod", fmt.Sprint("p", pod)))
		}
		for ms := int64(0); ms < 60_000; ms += 500 {
			of := known[random.IntN(len(known))]
			// Some are late, or have a time that the series has already.
			at, v := start+ms-random.Int64N(2)*random.Int64N(20)*500, math.Floor(random.Float64()*100)
			if random.Float64() < 0.1 {
				v = math.Float64frombits(value.StaleNaN)
			}
			held.append(held.find(of), at, v)
			appender := real.Appender(context.Background())
			_, _ = appender.Append(0, of, at, v)
			if err := appender.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		stored := storage.QueryableFunc(func(from, to int64) (storage.Querier, error) { return tsdb.NewBlockQuerier(real, from, to) })
		for _, expr := range memoryQueries {
			at := timestamp.Time(start + random.Int64N(70_000))
			got, want := instant(engine, held, expr, at), instant(engine, stored, expr, at)
			if got != want {
				t.Fatalf("%s at %v, seed %d:\n got %s\nwant %s", expr, at, seed, got, want)
			}
			if got, want = ranged(engine, held, expr), ranged(engine, stored, expr); got != want {
				t.Fatalf("%s, seed %d:\n got %s\nwant %s", expr, seed, got, want)
			}
		}
	}
}

func instant(engine *promql.Engine, data storage.Queryable, expr string, at time.Time) string {
	return told(answerQuery(engine.NewInstantQuery(context.Background(), data, nil, expr, at)))
}

func ranged(engine *promql.Engine, data storage.Queryable, expr string) string {
	from, to := timestamp.Time(start-5_000), timestamp.Time(start+65_000)
	return told(answerQuery(engine.NewRangeQuery(context.Background(), data, nil, expr, from, to, 1_700*time.Millisecond)))
}

func told(answer []byte, err error) string { return fmt.Sprint(string(answer), err) }

func TestSeekFindsTheFirstSampleNotBefore(t *testing.T) {
	held := &series{samples: []promql.FPoint{{T: 10}, {T: 20}, {T: 30}}}
	iterator := held.Iterator(nil)
	for _, step := range []struct{ to, at int64 }{{5, 10}, {20, 20}, {15, 20}, {21, 30}} {
		if iterator.Seek(step.to) != chunkenc.ValFloat || iterator.AtT() != step.at {
			t.Errorf("sought %d, found %d, want %d", step.to, iterator.AtT(), step.at)
		}
	}
	if iterator.Next() != chunkenc.ValNone || iterator.Seek(5) != chunkenc.ValNone {
		t.Error("found a sample behind the last one")
	}
}
