package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.k6.io/k6/v2/js/modulestest"
)

type extra struct {
	Surge    string
	Index    int64
	Intended *float64
}

// ready are virtual users of a scenario of their own, and the one that plays the timeline.
func ready(t *testing.T, root *rootModule, count int) (timeline *modulestest.Runtime, users []*modulestest.Runtime) {
	t.Helper()
	for range count + 1 {
		runtime, begin := user(t, root)
		begin("surge", time.Now())
		users = append(users, runtime)
	}
	return users[0], users[1:]
}

func at(ms int) string { return fmt.Sprint(time.Now().UnixMilli() + int64(ms)) }

// taken is what these users are handed until a time, each going on as soon as it has something.
func taken(t *testing.T, users []*modulestest.Runtime, until string) []extra {
	t.Helper()
	var mutex sync.Mutex
	var all []extra
	var group sync.WaitGroup
	for _, one := range users {
		group.Go(func() {
			text := says(t, one, `var all = []; for (let e = nextExtra(`+until+`); e !== null; e = nextExtra(`+until+`)) all.push(e); JSON.stringify(all)`)
			var own []extra
			if err := json.Unmarshal([]byte(text), &own); err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			all = append(all, own...)
		})
	}
	group.Wait()
	slices.SortFunc(all, func(a, b extra) int { return int(a.Index - b.Index) })
	return all
}

func TestASurgeOfUsersIsHandedOutOnce(t *testing.T) {
	timeline, users := ready(t, new(rootModule), 5)
	says(t, timeline, `startSurge('more', {users: 3, until: `+at(60_000)+`}); ''`)
	got := taken(t, users, at(80))
	if len(got) != 3 {
		t.Fatalf("got %+v", got)
	}
	for i, one := range got {
		if one.Surge != "more" || one.Index != int64(i) || one.Intended != nil {
			t.Errorf("got %+v", one)
		}
	}
}

func TestASurgeAtARateKeepsItsSeedAndItsTimes(t *testing.T) {
	offsets := func() []float64 {
		timeline, users := ready(t, new(rootModule), 4)
		before := time.Now()
		says(t, timeline, `startSurge('more', {rate: 100, process: 'poisson', seed: 7, until: `+at(300)+`}); ''`)
		all := taken(t, users, at(500))
		if len(all) < 15 || len(all) > 50 {
			t.Fatalf("%d requests in 300 ms at 100/s", len(all))
		}
		var gaps []float64
		for i, one := range all {
			if one.Index != int64(i) || one.Intended == nil {
				t.Fatalf("got %+v", one)
			}
			if ahead := *one.Intended - float64(before.UnixMicro())/1e3; ahead < -1 || ahead > 320 {
				t.Errorf("wanted %v ms after the start", ahead)
			}
			gaps = append(gaps, *one.Intended-*all[0].Intended)
		}
		return gaps[:12]
	}
	first, again := offsets(), offsets()
	for i := range first {
		if math.Abs(first[i]-again[i]) > 0.01 {
			t.Errorf("one seed, two schedules: %v and %v", first, again)
			break
		}
	}
}

func TestASurgeEndsWhenItIsReleased(t *testing.T) {
	root := new(rootModule)
	timeline, users := ready(t, root, 2)
	says(t, timeline, `startSurge('more', {rate: 50, process: 'constant', seed: 1, until: `+at(60_000)+`}); ''`)
	time.Sleep(5 * time.Millisecond)
	// A runtime is one goroutine's: this is what release() does.
	time.AfterFunc(100*time.Millisecond, func() { root.surges.end("more") })
	if got := taken(t, users, at(400)); len(got) < 4 || len(got) > 8 {
		t.Errorf("%d requests in 100 ms at 50/s, handed out 20 ms ahead", len(got))
	}
	says(t, timeline, `startSurge('more', {users: 2, until: `+at(60_000)+`}); release('more'); ''`)
	// A time that is over.
	says(t, timeline, `startSurge('more', {users: 2, until: `+at(-10)+`}); ''`)
	if got := taken(t, users, at(50)); len(got) != 0 {
		t.Errorf("after its end: %+v", got)
	}
}

func TestWhoWaitsForASurgeIsToldWhenK6Stops(t *testing.T) {
	root := new(rootModule)
	_, users := ready(t, root, 1)
	ctx, stop := context.WithCancel(users[0].VU.CtxField)
	users[0].VU.CtxField = ctx
	time.AfterFunc(30*time.Millisecond, stop)
	before := time.Now()
	if got := taken(t, users, at(60_000)); len(got) != 0 || time.Since(before) > 5*time.Second {
		t.Errorf("got %+v after %v", got, time.Since(before))
	}
}

func TestSurgesThatCannotBe(t *testing.T) {
	runtime, begin := user(t, new(rootModule))
	throws := func(script, says string) {
		t.Helper()
		if _, err := runtime.VU.Runtime().RunString(script); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", script, err)
		}
	}
	throws(`nextExtra(0)`, "init context")
	throws(`startSurge('a', {users: 1, until: 0})`, "init context")
	begin("surge", time.Now())
	later := at(1_000)
	throws(`startSurge('a', {until: `+later+`})`, "users (1 or more) or a rate")
	throws(`startSurge('a', {users: 1, rate: 2, until: `+later+`})`, "found neither or both")
	throws(`startSurge('a', {rate: 2, process: 'uniform', until: `+later+`})`, "constant, poisson or gamma")
	throws(`startSurge('a', {user: 1, until: `+later+`})`, `found "user"`)
	throws(`startSurge('a', {users: 1, until: NaN})`, "until")
}

func TestARequestSaysWhatPressedIt(t *testing.T) {
	runtime, activate, _ := vu(t)
	rt := runtime.VU.Runtime()
	activate()
	got, err := rt.RunString(`const client = new Client({url: 'http://127.0.0.1:1', timeout: 1000})
		const [of, plain] = [client.chat({}, {traffic: 'more', extra: true, arrival: {index: 3, intended: 1000}}), client.chat({})]
		JSON.stringify([of.traffic, of.extra, of.arrival, of.intended, plain.traffic, plain.extra])`)
	if err != nil || got.String() != `["more",true,null,1000,null,false]` {
		t.Errorf("got %v, %v", got, err)
	}
}
