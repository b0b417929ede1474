package stream

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestChunksOfTheServersDialects(t *testing.T) {
	text := Chunk{Choice: true, Content: true, Answer: true}
	thought := Chunk{Choice: true, Content: true}
	with := func(chunk Chunk, change func(c *Chunk)) Chunk { change(&chunk); return chunk }
	cached := 2
	details := &Usage{PromptTokens: 3, CompletionTokens: 5}
	details.Details.CachedTokens = &cached
	tests := map[string]struct {
		event, data string
		want        Chunk
	}{
		"role only":         {"", `{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}`, Chunk{Choice: true}},
		"text":              {"", `{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}`, text},
		"spaced JSON":       {"", `{"choices": [{"delta": {"content": "a"}, "finish_reason": null}]}`, text},
		"text and finish":   {"", `{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}`, with(text, func(c *Chunk) { c.Finish = "stop" })},
		"finish":            {"", `{"choices":[{"delta":{},"finish_reason":"length"}]}`, Chunk{Choice: true, Finish: "length"}},
		"reasoning":         {"", `{"choices":[{"delta":{"reasoning":"a"}}]}`, thought},
		"reasoning content": {"", `{"choices":[{"delta":{"content":null,"reasoning_content":"a"}}]}`, thought},
		"refusal":           {"", `{"choices":[{"delta":{"refusal":"no"}}]}`, text},
		"tool call":         {"", `{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}`, text},
		"no tool calls":     {"", `{"choices":[{"delta":{"tool_calls":[]}}]}`, Chunk{Choice: true}},
		"completion":        {"", `{"choices":[{"text":"a","finish_reason":null}]}`, text},
		"two choices":       {"", `{"choices":[{"delta":{}},{"delta":{"content":"a"}}]}`, text},
		"usage":             {"", `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}}`, Chunk{Usage: &Usage{PromptTokens: 3, CompletionTokens: 5}}},
		"usage with a prefix hit": {"", `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":2}}}`,
			Chunk{Usage: details}},
		"usage without details": {"", `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"prompt_tokens_details":null}}`,
			Chunk{Usage: &Usage{PromptTokens: 3, CompletionTokens: 5}}},
		"text with usage": {"", `{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`,
			with(text, func(c *Chunk) { c.Usage = &Usage{PromptTokens: 3, CompletionTokens: 1} })},
		"usage null":          {"", `{"choices":[{"delta":{"content":"a"}}],"usage":null}`, text},
		"done":                {"", `[DONE]`, Chunk{Done: true}},
		"error":               {"", `{"error":{"message":"no memory","code":500}}`, Chunk{Failure: "no memory"}},
		"error as text":       {"", `{"error":"no memory"}`, Chunk{Failure: `"no memory"`}},
		"error null":          {"", `{"choices":[{"delta":{"content":"a"}}],"error":null}`, text},
		"older error":         {"", `{"object":"error","message":"no memory"}`, Chunk{Failure: "no memory"}},
		"error by event name": {"error", `no memory`, Chunk{Failure: "no memory"}},
		"quoted keys in text": {"", `{"choices":[{"delta":{"content":"\"finish_reason\":\"stop\",\"error\""}}]}`, text},
		"content in a role":   {"", `{"choices":[{"delta":{"role":"\"content\":\"a\"","content":""}}]}`, Chunk{Choice: true}},
		"nothing":             {"", ``, Chunk{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var r Reader
			// The second time a reader may know the chunk's pattern.
			for range 2 {
				got, err := r.Read([]byte(test.event), []byte(test.data))
				got.Text = ""
				if err != nil || !reflect.DeepEqual(got, test.want) {
					t.Errorf("got %+v, %v, want %+v", got, err, test.want)
				}
			}
		})
	}
}

func TestWhatIsNoChunkIsAnError(t *testing.T) {
	for _, data := range []string{"hello", "{", `{"choices":7}`, `[]`} {
		if got, err := new(Reader).Read(nil, []byte(data)); err == nil {
			t.Errorf("%s: got %+v, want an error", data, got)
		}
	}
}

func TestOnlyTheTextOfAPatternMayDiffer(t *testing.T) {
	const first = `{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}`
	known := map[string]bool{
		`{"choices":[{"delta":{"content":"b"},"finish_reason":null}]}`:                 true,
		`{"choices":[{"delta":{"content":"\"\n\u00e9é\\"},"finish_reason":null}]}`:     true,
		`{"choices":[{"delta":{"content":""},"finish_reason":null}]}`:                  false,
		`{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}`:               false,
		`{"choices":[{"delta":{"content":"b","x":"c"},"finish_reason":null}]}`:         false,
		`{"choices":[{"delta":{"content":"b\"},"finish_reason":null}]}`:                false,
		`{"choices":[{"delta":{"content":"\u12"},"finish_reason":null}]}`:              false,
		`{"choices":[{"delta":{"content":"\x"},"finish_reason":null}]}`:                false,
		"{\"choices\":[{\"delta\":{\"content\":\"a\nb\"},\"finish_reason\":null}]}":    false,
		`{"choices":[{"delta":{"content":"},"finish_reason":null}]}`:                   false,
		`{"choices":[{"delta":{"reasoning_content":"b"},"finish_reason":null}]}`:       false,
		`{"choices":[{"delta":{"content":"b"},"finish_reason":null}],"error":{"x":1}}`: false,
	}
	for data, want := range known {
		var r Reader
		if _, err := r.Read(nil, []byte(first)); err != nil {
			t.Fatal(err)
		}
		if got := r.matches([]byte(data)); got != want {
			t.Errorf("%s: recognised %v, want %v", data, got, want)
		}
	}
}

func TestMostRecordedChunksAreNotDecoded(t *testing.T) {
	// All with text but the first of their kind.
	want := map[string]int{
		"chat-stream.sse": 6, "completions-stream.sse": 2, "reasoning-stream.sse": 3, "tools-stream.sse": 2,
	}
	for name, body := range recordings(t) {
		events, err := parse(t, string(body))
		if err != nil {
			t.Fatal(err)
		}
		var r Reader
		matched := 0
		for _, event := range events {
			data := []byte(strings.TrimPrefix(event, "|"))
			if r.matches(data) {
				matched++
			}
			if _, err := r.Read(nil, data); err != nil {
				t.Error(err)
			}
		}
		if matched != want[name] {
			t.Errorf("%s: %d of %d events were recognised, want %d", name, matched, len(events), want[name])
		}
	}
}

func TestTextIsCollectedWhereItIsWanted(t *testing.T) {
	for name, want := range map[string]string{"reasoning-stream.sse": "4.", "completions-stream.sse": "calagesows"} {
		events, err := parse(t, string(recordings(t)[name]))
		if err != nil {
			t.Fatal(err)
		}
		r, got := Reader{WantText: true}, ""
		for _, event := range events {
			chunk, err := r.Read(nil, []byte(strings.TrimPrefix(event, "|")))
			if err != nil {
				t.Error(err)
			}
			got += chunk.Text
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestReadingKnownChunksAllocatesNothing(t *testing.T) {
	const head, tail = `data: {"choices":[{"index":0,"delta":{"content":"`, `"},"finish_reason":null}]}` + "\n\n"
	var p Parser
	var r Reader
	chunks := 0
	emit := func(event, data []byte) error {
		chunk, err := r.Read(event, data)
		if chunk.Answer {
			chunks++
		}
		return err
	}
	feed := func(text string) {
		if err := p.Feed([]byte(text), emit); err != nil {
			t.Fatal(err)
		}
	}
	feed(head + strings.Repeat("x", 100) + tail)
	pieces := [][]byte{[]byte(": ping\n\n" + head + "a\\u00e9"), []byte("b" + tail), []byte(head + "c" + tail)}
	got := testing.AllocsPerRun(1_000, func() {
		for _, piece := range pieces {
			if err := p.Feed(piece, emit); err != nil {
				t.Error(err)
			}
		}
	})
	if got != 0 || chunks < 2_000 {
		t.Errorf("got %v allocations, %d chunks", got, chunks)
	}
}

func TestAGiantChunkIsNotKept(t *testing.T) {
	var r Reader
	ids := strings.Repeat("12345,", 200_000)
	giant := `{"choices":[{"text":"a","prompt_token_ids":[` + ids + `1]}]}`
	if chunk, err := r.Read(nil, []byte(giant)); err != nil || !chunk.Answer {
		t.Errorf("got %+v, %v", chunk, err)
	}
	if held := cap(r.prefix) + cap(r.suffix); held > 2*keptBytes {
		t.Errorf("holds %d bytes", held)
	}
}

// Whatever came before, an event means what decoding finds in it.
func FuzzReadChunk(f *testing.F) {
	for _, body := range recordings(f) {
		events, err := parse(f, string(body))
		if err != nil {
			f.Fatal(err)
		}
		for at := range len(events) - 1 {
			f.Add([]byte(events[at][1:]), []byte(events[at+1][1:]))
		}
	}
	f.Add([]byte(`{"choices":[{"text":"a"}]}`), []byte(`{"choices":[{"text":"\u00e9"}]}`))
	f.Add([]byte(`{"content":"a","choices":[{"delta":{"reasoning":"a"}}]}`), []byte(`{"content":"b","choices":[{"delta":{"reasoning":""}}]}`))
	f.Fuzz(func(t *testing.T, before, data []byte) {
		var r Reader
		_, _ = r.Read(nil, before)
		// Half of the interesting inputs: the same chunk with another text.
		inputs := [][]byte{data}
		if len(r.prefix) > 0 {
			inputs = append(inputs, slices.Concat(r.prefix, data, r.suffix))
		}
		for _, input := range inputs {
			if len(input) == 0 || string(input) == "[DONE]" {
				continue
			}
			var quick Reader
			_, _ = quick.Read(nil, before)
			got, err := quick.Read(nil, input)
			want, wantErr := decodeChunk(nil, input)
			got.Text, want.Text = "", ""
			if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) {
				t.Fatalf("after %q\n%q\nread %+v (%v), decoded %+v (%v)", before, input, got, err, want, wantErr)
			}
		}
	})
}
