package llm

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWhatOneUserPressesAllFeel(t *testing.T) {
	root := new(rootModule)
	timeline, _ := user(t, root)
	load, _ := user(t, root)
	press := func(name string, lasting time.Duration) {
		t.Helper()
		until := float64(time.Now().Add(lasting).UnixMilli())
		says(t, timeline, fmt.Sprintf(`press('%s', '{"of":"%s"}', %f); ''`, name, name, until))
	}
	felt := func(want string) {
		t.Helper()
		if got := says(t, load, `pressure()`); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	felt(``)
	press("a", time.Minute)
	press("b", time.Minute)
	felt(`[{"of":"a"},{"of":"b"}]`)
	press("a", time.Minute)
	felt(`[{"of":"b"},{"of":"a"}]`)
	says(t, timeline, `release('b'); release('nobody'); ''`)
	felt(`[{"of":"a"}]`)
	// Whoever pressed may be gone: it ends all the same.
	press("c", 50*time.Millisecond)
	felt(`[{"of":"a"},{"of":"c"}]`)
	time.Sleep(60 * time.Millisecond)
	felt(`[{"of":"a"}]`)
	press("a", -time.Second)
	felt(``)
}

func TestAPressureHasAnEnd(t *testing.T) {
	runtime, _ := user(t, new(rootModule))
	for _, until := range []string{"NaN", "Infinity", "1e17"} {
		if _, err := runtime.VU.Runtime().RunString(`press('a', '{}', ` + until + `)`); err == nil || !strings.Contains(err.Error(), "at most a year") {
			t.Errorf("%s: got %v", until, err)
		}
	}
}

func TestPressuresUnderManyUsers(t *testing.T) {
	var p pressures
	var group sync.WaitGroup
	for user := range 8 {
		group.Go(func() {
			for i := range 500 {
				switch {
				case user == 0 && i%3 == 0:
					p.set("x", "{}", time.Now().Add(time.Millisecond))
				case user == 0:
					p.release("x")
				default:
					if got := p.text(); got != "" && got != "[{}]" {
						t.Errorf("got %s", got)
					}
				}
			}
		})
	}
	group.Wait()
}
