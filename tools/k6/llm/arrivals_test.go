package llm

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/fsext"
)

// user is a virtual user of a process's module, in the init context. begin
// puts it into a scenario.
func user(t *testing.T, root *rootModule) (runtime *modulestest.Runtime, begin func(scenario string, zero time.Time)) {
	t.Helper()
	runtime = modulestest.NewRuntime(t)
	for name, value := range root.NewModuleInstance(runtime.VU).Exports().Named {
		if err := runtime.VU.Runtime().Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	return runtime, func(scenario string, zero time.Time) {
		runtime.MoveToVUContext(&lib.State{})
		runtime.VU.CtxField = lib.WithScenarioState(runtime.VU.CtxField, &lib.ScenarioState{Name: scenario, StartTime: zero})
	}
}

// says runs a script that ends in a string.
func says(t *testing.T, runtime *modulestest.Runtime, script string) string {
	t.Helper()
	value, err := runtime.VU.Runtime().RunString(script)
	if err != nil {
		t.Fatal(err)
	}
	return value.String()
}

const (
	tenAtOnce = `{seed: 1, process: 'constant', stages: [{to: 100, over: 0}, {to: 100, over: 100}]}`
	allOfIt   = `let all = []; for (let a = arrivals.next(); a !== null; a = arrivals.next()) all.push(a); JSON.stringify(all)`
)

type claimed struct {
	Index                      int64
	Intended, Lag              float64
	PromptTokens, OutputTokens *int
}

func TestAScriptTakesTheArrivalsWhenTheyAreDue(t *testing.T) {
	runtime, begin := user(t, new(rootModule))
	says(t, runtime, `const arrivals = new Arrivals(`+tenAtOnce+`); ''`)
	stats := `{const s = arrivals.stats(); JSON.stringify([s.scheduled, s.due, s.claimed, s.lagP99 <= s.lagMax, s.lagP50 <= s.lagP99])}`
	if got := says(t, runtime, stats); got != `[null,0,0,true,true]` {
		t.Errorf("stats before the start: got %s", got)
	}
	zero := time.Now()
	begin("load", zero)
	var all []claimed
	if err := json.Unmarshal([]byte(says(t, runtime, allOfIt)), &all); err != nil {
		t.Fatal(err)
	}
	took := time.Since(zero)
	if len(all) != 10 || took < 90*time.Millisecond {
		t.Errorf("%d arrivals in %v", len(all), took)
	}
	for i, a := range all {
		offset := a.Intended - epochMs(since(zero))
		if a.Index != int64(i) || offset < float64(i)*10-0.01 || offset > float64(i)*10+0.01 || a.Lag < 0 || a.PromptTokens != nil {
			t.Errorf("arrival %d: %+v, %v ms after the start", i, a, offset)
		}
	}
	if got := says(t, runtime, stats); got != `[10,10,10,true,true]` {
		t.Errorf("stats at the end: got %s", got)
	}
}

func TestEqualOptionsAreOneSchedule(t *testing.T) {
	root, zero := new(rootModule), time.Now().Add(-time.Second)
	same := []string{
		tenAtOnce,
		`{process: 'constant', stages: [{over: 0, to: 1e2}, {to: 100, over: 100, }], seed: 1, burstiness: undefined}`,
	}
	var mutex sync.Mutex
	var indices []int64
	var group sync.WaitGroup
	for i := range 6 {
		runtime, begin := user(t, root)
		says(t, runtime, `const arrivals = new Arrivals(`+same[i%2]+`); ''`)
		begin("load", zero)
		group.Go(func() {
			var all []claimed
			if err := json.Unmarshal([]byte(says(t, runtime, allOfIt)), &all); err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			for _, a := range all {
				indices = append(indices, a.Index)
			}
		})
	}
	group.Wait()
	slices.Sort(indices)
	if fmt.Sprint(indices) != "[0 1 2 3 4 5 6 7 8 9]" {
		t.Errorf("six users took %v", indices)
	}
	runtime, begin := user(t, root)
	begin("load", zero)
	if got := says(t, runtime, `new Arrivals(`+strings.Replace(tenAtOnce, "1", "2", 1)+`).next().index + ' ' + new Arrivals(`+tenAtOnce+`).next()`); got != "0 null" {
		t.Errorf("another seed, and the same: %s", got)
	}
}

func TestK6StopsAWaitingUser(t *testing.T) {
	runtime, begin := user(t, new(rootModule))
	says(t, runtime, `const arrivals = new Arrivals({seed: 1, process: 'constant', stages: [{to: 0, over: 60000}, {to: 1, over: 1000}]}); ''`)
	begin("load", time.Now())
	time.AfterFunc(30*time.Millisecond, runtime.CancelContext)
	if got := says(t, runtime, `String(arrivals.next())`); got != "null" {
		t.Errorf("got %s", got)
	}
}

func TestATraceIsReadOnce(t *testing.T) {
	root, zero := new(rootModule), time.Now().Add(-time.Hour)
	files := fsext.NewMemMapFs()
	trace := "Timestamp,Request tokens,Response tokens\n5,472,18\n6.5,1087,230\n"
	if err := fsext.WriteFile(files, "/scripts/traces/a.csv", []byte(trace), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() *modulestest.Runtime {
		runtime, begin := user(t, root)
		runtime.VU.InitEnvField.FileSystems = map[string]fsext.Fs{"file": files}
		runtime.VU.InitEnvField.CWD = &url.URL{Path: "/scripts"}
		says(t, runtime, `const arrivals = new Arrivals({trace: 'traces/a.csv', speed: 2}); ''`)
		begin("load", zero)
		return runtime
	}
	first := open()
	if err := files.Remove("/scripts/traces/a.csv"); err != nil {
		t.Fatal(err)
	}
	second := open()
	script := `const a = arrivals.next(); JSON.stringify([a.index, a.promptTokens, a.outputTokens, arrivals.stats().scheduled]) + ' ' + a.intended`
	one, other := says(t, first, script), says(t, second, script)
	var early, late float64
	_, err1 := fmt.Sscanf(one, "[0,472,18,2] %g", &early)
	_, err2 := fmt.Sscanf(other, "[1,1087,230,2] %g", &late)
	if err1 != nil || err2 != nil || late-early < 749.99 || late-early > 750.01 {
		t.Errorf("got %s and %s", one, other)
	}
}

func TestSegmentsShareOutTheWholeSchedule(t *testing.T) {
	for _, sequence := range []string{"0,1", "0,1/3,2/3,1", "0,1/4,1", "0,0.2,0.3,0.35,1", "not given: 0,1/3,2/3,1"} {
		var parts lib.ExecutionSegmentSequence
		text, left := strings.CutPrefix(sequence, "not given: ")
		if err := parts.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		given := &parts
		if left {
			given = nil
		}
		taken := map[int64]float64{}
		for _, part := range parts {
			root := new(rootModule) // every instance is a process of its own
			runtime, begin := user(t, root)
			says(t, runtime, `const arrivals = new Arrivals({seed: 3, process: 'poisson', stages: [{to: 500, over: 2000}]}); ''`)
			zero := anchor.Add(-time.Hour)
			begin("load", zero)
			runtime.VU.StateField.Options = lib.Options{ExecutionSegment: part, ExecutionSegmentSequence: given}
			var all []claimed
			if err := json.Unmarshal([]byte(says(t, runtime, allOfIt)), &all); err != nil {
				t.Fatal(err)
			}
			for _, a := range all {
				if _, twice := taken[a.Index]; twice {
					t.Errorf("%s: %d is in two segments", sequence, a.Index)
				}
				taken[a.Index] = a.Intended - epochMs(since(zero))
			}
			want := part.FloatLength() * 500
			if got := float64(len(all)); got < want-80 || got > want+80 {
				t.Errorf("%s: %s has %v arrivals", sequence, part, got)
			}
			if got := says(t, runtime, `const s = arrivals.stats(); s.scheduled + ' ' + s.due + ' ' + s.claimed`); got != fmt.Sprintf("%d %[1]d %[1]d", len(all)) {
				t.Errorf("%s: %s counts %s", sequence, part, got)
			}
		}
		last := -1.0
		for index := range int64(len(taken)) {
			at, there := taken[index]
			if !there || at < last {
				t.Fatalf("%s: arrival %d of %d is at %v after %v", sequence, index, len(taken), at, last)
			}
			last = at
		}
	}
}

func TestWrongArrivalsThrow(t *testing.T) {
	runtime, begin := user(t, new(rootModule))
	files := fsext.NewMemMapFs()
	runtime.VU.InitEnvField.FileSystems = map[string]fsext.Fs{"file": files}
	if err := fsext.WriteFile(files, "/bad.csv", []byte("Timestamp,Request tokens,Response tokens\n5,1,1\n4,1,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	throws := func(script, says string) {
		t.Helper()
		if _, err := runtime.VU.Runtime().RunString(script); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q in it", script, err, says)
		}
	}
	shape := "expected options {seed, process, burstiness?, stages: {to, over}[], lead?} or {trace, speed?, over?, lead?}, found "
	throws(`new Arrivals()`, shape)
	throws(`new Arrivals(7)`, shape)
	throws(`new Arrivals({})`, shape+"{}")
	throws(`new Arrivals({trace: '/a.csv', seed: 1})`, shape)
	throws(`new Arrivals({speed: 1})`, shape)
	throws(`new Arrivals({seed: 1, proces: 'poisson', stages: []})`, `unknown field "proces"`)
	throws(`new Arrivals({seed: '1', process: 'poisson', stages: []})`, "seed")
	throws(`new Arrivals({process: 'poisson', stages: [{to: 1, over: 1}]})`, "expected seed to be a whole number, found none")
	throws(`new Arrivals({seed: 1.5, process: 'poisson', stages: [{to: 1, over: 1}]})`, "found 1.5")
	throws(`new Arrivals({seed: NaN, process: 'poisson', stages: [{to: 1, over: 1}]})`, "expected options")
	throws(`new Arrivals({seed: 1, process: 'even', stages: [{to: 1, over: 1}]})`, `constant, poisson or gamma, found "even"`)
	throws(`new Arrivals({seed: 1, process: 'poisson', stages: [{to: 1, over: 1}, {to: 1}]})`, "stage 2: expected {to: requests per second, over: milliseconds from 0}, found {to: 1, over: none}")
	throws(`new Arrivals({seed: 1, process: 'poisson', stages: [{to: -1, over: 1}]})`, "stage 1: expected `to`")
	throws(`new Arrivals({trace: '/none.csv'})`, "cannot open the trace")
	throws(`new Arrivals({trace: '/bad.csv'})`, "trace /bad.csv: line 3: expected rows in the order of time")
	throws(`new Arrivals({trace: '/bad.csv', speed: -1})`, "speed")
	throws(`new Arrivals({over: 1})`, shape)
	throws(`const early = new Arrivals(`+tenAtOnce+`); early.next()`, "not for the init context")

	begin("load", time.Now().Add(-time.Second))
	throws(`new Arrivals({trace: '/other.csv'})`, "init context")
	says(t, runtime, `early.next(); ''`)
	runtime.VU.CtxField = lib.WithScenarioState(runtime.VU.CtxField, &lib.ScenarioState{Name: "other", StartTime: time.Now()})
	throws(`early.next()`, `found "load" and "other" with the same options: give each a seed of its own`)
}
