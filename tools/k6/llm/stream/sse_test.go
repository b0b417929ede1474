package stream

import (
	"fmt"
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
		"half a character":             {"data: é\n\n", []string{"|é"}},
		"a byte order mark alone":      {"\ufeff\ndata: a\n\n", []string{"|a"}},
		"a byte order mark and event":  {"\ufeffevent: x\ndata: a\n\n", []string{"x|a"}},
		"two byte order marks":         {"\ufeff\ufeffdata: a\n\ndata: b\n\n", []string{"|b"}},
		"longer and shorter names":     {"databank: x\ndat: x\neventually: x\ndataset-of: x\ndata: a\n\n", []string{"|a"}},
		"a name without a colon":       {"eventually\nevents\ndata: a\n\n", []string{"|a"}},
		"an event name set anew":       {"event: x\nevent\ndata: a\n\n", []string{"|a"}},
		"only a space":                 {" \ndata: a\n\n", []string{"|a"}},
		"data of one space":            {"data: \n\n", []string{"|"}},
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
	tests := map[string]struct {
		head, piece string
		tooLarge    bool
	}{
		"endless comment":       {": ", strings.Repeat("x", 1000), false},
		"many comments":         {"", strings.Repeat(": x\n", 250), false},
		"endless unknown field": {"", strings.Repeat("x", 1000), false},
		"endless id":            {"id: ", strings.Repeat("x", 1000), false},
		"many blank lines":      {"", strings.Repeat("\n", 1000), false},
		"endless data":          {"data: ", strings.Repeat("x", 1000), true},
		"much data":             {"", "data: " + strings.Repeat("x", 1000) + "\n", true},
		"many empty data":       {"", strings.Repeat("data\n", 1000), true},
		"endless event name":    {"event: ", strings.Repeat("x", 1000), true},
		"event name and data":   {"event: " + strings.Repeat("x", maxEventBytes/2) + "\n", "data: " + strings.Repeat("x", 1000) + "\n", true},
	}
	for name, test := range tests {
		var p Parser
		fail := func(event, data []byte) error { return fmt.Errorf("got an event %q", event) }
		err := p.Feed([]byte(test.head), fail)
		for at := 0; at < 10_000 && err == nil; at++ {
			err = p.Feed([]byte(test.piece), fail)
		}
		want, bound := error(nil), 0
		if test.tooLarge {
			want, bound = ErrEventTooLarge, 2*maxEventBytes
		}
		if err != want {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
		if held := cap(p.event) + cap(p.data); held > bound {
			t.Errorf("%s: holds %d bytes", name, held)
		}
		p.Reset()
		if held := cap(p.event) + cap(p.data); held > keptBytes {
			t.Errorf("%s: holds %d bytes after Reset", name, held)
		}
	}
}

func TestParserTakesEventsUpToItsBound(t *testing.T) {
	events, err := parse(t, "data: "+strings.Repeat("x", maxEventBytes-1)+"\n\n", 10, 100_000, 1)
	if err != nil || len(events) != 1 || len(events[0]) != maxEventBytes {
		t.Errorf("got %d events, %v", len(events), err)
	}
}

// However a stream is cut, and whichever line ends it uses, its events are the same.
func FuzzParser(f *testing.F) {
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
		var single Parser
		byByte := 0
		for at := range body {
			count := func(event, data []byte) error { byByte++; return nil }
			if err := single.Feed(body[at:at+1], count); err != nil {
				t.Fatal(err)
			}
		}
		if byByte != len(whole) || cap(single.event)+cap(single.data) > 4*len(body)+64 {
			t.Fatalf("byte by byte: %d events, want %d; %d bytes held for %d",
				byByte, len(whole), cap(single.event)+cap(single.data), len(body))
		}
		if strings.Contains(text, "\r") {
			return
		}
		for _, end := range []string{"\r", "\r\n"} {
			if got, _ := parse(t, strings.ReplaceAll(text, "\n", end)); !slices.Equal(whole, got) {
				t.Fatalf("LF %q, %q %q", whole, end, got)
			}
		}
	})
}

// recordings are the streams of a real vLLM 0.32.0, and those in written/,
// which follow its serving code for models it was not recorded with.
func recordings(t testing.TB) map[string][]byte {
	t.Helper()
	bodies := map[string][]byte{}
	for _, pattern := range []string{"testdata/*.sse", "testdata/written/*.sse"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no recordings: %v", err)
		}
		for _, path := range paths {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			bodies[filepath.Base(path)] = body
		}
	}
	return bodies
}
