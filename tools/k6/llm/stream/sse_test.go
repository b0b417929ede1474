package stream

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// parse feeds text in pieces of the given sizes (the rest at once) and returns
// "event|data" for each event.
func parse(t testing.TB, text string, sizes ...int) ([]string, error) {
	t.Helper()
	var p Parser
	var events []string
	emit := func(event, data []byte) error {
		events = append(events, string(event)+"|"+string(data))
		return nil
	}
	rest := []byte(text)
	for _, size := range sizes {
		size = min(size, len(rest))
		if err := p.Feed(rest[:size], emit); err != nil {
			return events, err
		}
		rest = rest[size:]
	}
	return events, p.Feed(rest, emit)
}

func TestParserReadsTheStandardsForms(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"LF":                           {"data: a\n\ndata: b\n\n", []string{"|a", "|b"}},
		"CRLF":                         {"data: a\r\n\r\ndata: b\r\n\r\n", []string{"|a", "|b"}},
		"CR":                           {"data: a\r\rdata: b\r\r", []string{"|a", "|b"}},
		"mixed line ends":              {"data: a\r\n\ndata: b\n\rdata: c\r\r\n", []string{"|a", "|b", "|c"}},
		"no space after the colon":     {"data:a\n\n", []string{"|a"}},
		"only one space is dropped":    {"data:  a\n\n", []string{"| a"}},
		"several data lines, CRLF":     {"event: error\r\ndata: a\r\ndata: b\r\n\r\n", []string{"error|a\nb"}},
		"several data lines":           {"data: a\ndata: b\n\n", []string{"|a\nb"}},
		"data without a colon":         {"data\n\n", []string{"|"}},
		"comments":                     {": ping\n\ndata: a\n: ping\n\n", []string{"|a"}},
		"unknown fields, id and retry": {"id: 7\nretry: 9\nfoo: b\ndata: a\n\n", []string{"|a"}},
		"event name":                   {"event: error\ndata: a\n\ndata: b\n\n", []string{"error|a", "|b"}},
		"event without data":           {"event: error\n\ndata: b\n\n", []string{"|b"}},
		"unfinished event is dropped":  {"data: a\n\ndata: b\n", []string{"|a"}},
		"byte order mark":              {"\ufeffdata: a\n\n", []string{"|a"}},
		"byte order mark later":        {"data: a\n\n\ufeffdata: b\n\n", []string{"|a"}},
		"colons in the value":          {"data: a: b\n\n", []string{"|a: b"}},
		"nothing":                      {"", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for cut := range len(test.text) + 1 {
				got, err := parse(t, test.text, cut)
				if err != nil || !slices.Equal(got, test.want) {
					t.Fatalf("cut at %d: got %q, %v, want %q", cut, got, err, test.want)
				}
			}
		})
	}
}

func TestParserBoundsItsMemory(t *testing.T) {
	for name, piece := range map[string]string{"one line": strings.Repeat("x", 1000), "one event": "data: " + strings.Repeat("x", 1000) + "\n"} {
		var p Parser
		var err error
		for range 2000 {
			if err = p.Feed([]byte(piece), nil); err != nil {
				break
			}
		}
		if err != ErrEventTooLarge {
			t.Errorf("%s: got %v, want %v", name, err, ErrEventTooLarge)
		}
		if held := cap(p.line) + cap(p.data); held > 4*maxEventBytes {
			t.Errorf("%s: holds %d bytes", name, held)
		}
	}
}

// However a stream is cut, and whichever line ends it uses, its events are the same.
func FuzzParserDoesNotSeeCuts(f *testing.F) {
	for _, body := range recordings(f) {
		f.Add(body, uint16(1), uint16(300))
	}
	f.Add([]byte(": x\r\n\r\nevent: error\r\ndata: {}\r\rdata\n\n"), uint16(3), uint16(1))
	f.Fuzz(func(t *testing.T, body []byte, first, second uint16) {
		text := string(body)
		whole, wholeErr := parse(t, text)
		cut, cutErr := parse(t, text, int(first), int(second))
		if (wholeErr == nil) != (cutErr == nil) || (wholeErr == nil && !slices.Equal(whole, cut)) {
			t.Fatalf("whole %q (%v), cut at %d and %d %q (%v)", whole, wholeErr, first, second, cut, cutErr)
		}
		if strings.Contains(text, "\r") {
			return
		}
		for _, end := range []string{"\r", "\r\n"} {
			if got, _ := parse(t, strings.ReplaceAll(text, "\n", end)); !slices.Equal(whole, got) {
				t.Fatalf("LF %q, %q %q", whole, end, got)
			}
		}
		for _, event := range whole {
			name, data, _ := strings.Cut(event, "|")
			_, _ = ReadChunk([]byte(name), []byte(data)) // must not panic
		}
	})
}

// recordings are the streams of a real vLLM 0.32.0.
func recordings(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.sse")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	bodies := map[string][]byte{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bodies[filepath.Base(path)] = bytes.Clone(body)
	}
	return bodies
}
