package llm

import (
	"os"
	"strings"
	"sync"
	"testing"
)

func TestSpoolLinesAreWhole(t *testing.T) {
	path := t.TempDir() + "/requests.jsonl"
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			opened, err := openSpool(path)
			if err != nil {
				t.Error(err)
				return
			}
			for range 200 {
				_ = opened.write(&record{ID: strings.Repeat("x", 100), Outcome: "ok", TokensFrom: "usage"})
			}
		})
	}
	group.Wait()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	for _, line := range lines {
		if line != lines[0] {
			t.Fatalf("torn line %q", line)
		}
	}
	if len(lines) != 1600 {
		t.Errorf("got %d lines", len(lines))
	}
}
