package llm

import (
	"strings"
	"testing"
	"time"

	"go.k6.io/k6/v2/lib"
)

func TestUsersAreNumberedInTheOrderInWhichTheyAsk(t *testing.T) {
	root := new(rootModule)
	got := ""
	for range 3 {
		runtime, begin := user(t, root)
		if _, err := runtime.VU.Runtime().RunString(`nextUser()`); err == nil || !strings.Contains(err.Error(), "init context") {
			t.Fatalf("in the init context: got %v", err)
		}
		begin("load", time.Now())
		got += says(t, runtime, "String(nextUser())")
	}
	if got != "012" {
		t.Errorf("got %s", got)
	}
}

func TestSegmentsShareOutTheUsers(t *testing.T) {
	var parts lib.ExecutionSegmentSequence
	if err := parts.UnmarshalText([]byte("0,1/3,2/3,1")); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, part := range parts {
		runtime, begin := user(t, new(rootModule))
		begin("load", time.Now())
		runtime.VU.StateField.Options = lib.Options{ExecutionSegment: part, ExecutionSegmentSequence: &parts}
		for range 4 {
			seen[says(t, runtime, "String(nextUser())")] = true
		}
	}
	if len(seen) != 12 {
		t.Errorf("12 users in three segments have %d numbers: %v", len(seen), seen)
	}
}
