package stream

import (
	"reflect"
	"strings"
	"testing"
)

func TestChunksOfTheServersDialects(t *testing.T) {
	tests := map[string]struct {
		event, data string
		want        Chunk
	}{
		"role only":                         {"", `{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}`, Chunk{}},
		"text":                              {"", `{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}`, Chunk{Content: true}},
		"spaced JSON":                       {"", `{"choices": [{"delta": {"content": "a"}, "finish_reason": null}]}`, Chunk{Content: true}},
		"text and finish":                   {"", `{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}`, Chunk{Content: true, Finished: true}},
		"finish":                            {"", `{"choices":[{"delta":{},"finish_reason":"length"}]}`, Chunk{Finished: true}},
		"reasoning":                         {"", `{"choices":[{"delta":{"reasoning":"a"}}]}`, Chunk{Content: true}},
		"reasoning content":                 {"", `{"choices":[{"delta":{"reasoning_content":"a"}}]}`, Chunk{Content: true}},
		"tool call":                         {"", `{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}`, Chunk{Content: true}},
		"completion":                        {"", `{"choices":[{"text":"a","finish_reason":null}]}`, Chunk{Content: true}},
		"usage":                             {"", `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}}`, Chunk{Usage: &Usage{3, 5}}},
		"text with usage":                   {"", `{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, Chunk{Content: true, Usage: &Usage{3, 1}}},
		"usage null":                        {"", `{"choices":[{"delta":{"content":"a"}}],"usage":null}`, Chunk{Content: true}},
		"done":                              {"", `[DONE]`, Chunk{Finished: true, Done: true}},
		"error":                             {"", `{"error":{"message":"no memory","code":500}}`, Chunk{Failure: "no memory"}},
		"error as text":                     {"", `{"error":"no memory"}`, Chunk{Failure: `"no memory"`}},
		"error null":                        {"", `{"choices":[{"delta":{"content":"a"}}],"error":null}`, Chunk{Content: true}},
		"older error":                       {"", `{"object":"error","message":"no memory"}`, Chunk{Failure: "no memory"}},
		"error by event name":               {"error", `no memory`, Chunk{Failure: "no memory"}},
		"text that looks like an error key": {"", `{"choices":[{"delta":{"content":"\"error\""}}]}`, Chunk{Content: true}},
		"text that looks like a finish":     {"", `{"choices":[{"delta":{"content":"\"finish_reason\":\"stop\""}}]}`, Chunk{Content: true}},
		"text that looks like content":      {"", `{"choices":[{"delta":{"role":"\"content\":\"a\"","content":""}}]}`, Chunk{}},
		"nothing":                           {"", ``, Chunk{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ReadChunk([]byte(test.event), []byte(test.data))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestWhatIsNoChunkIsAnError(t *testing.T) {
	for _, data := range []string{"hello", "{", `{"choices":7}`, `[]`} {
		if got, err := ReadChunk(nil, []byte(data)); err == nil {
			t.Errorf("%s: got %+v, want an error", data, got)
		}
	}
}

// What is recognised without decoding is what decoding finds.
func TestRecordedChunksReadTheSameBothWays(t *testing.T) {
	for name, body := range recordings(t) {
		events, err := parse(t, string(body))
		if err != nil {
			t.Fatal(err)
		}
		plain := 0
		for _, event := range events {
			data := []byte(strings.TrimPrefix(event, "|"))
			if string(data) == "[DONE]" {
				continue
			}
			quick, err := ReadChunk(nil, data)
			slow, slowErr := decodeChunk(nil, data)
			if err != nil || slowErr != nil || !reflect.DeepEqual(quick, slow) {
				t.Errorf("%s: %s: quick %+v %v, slow %+v %v", name, data, quick, err, slow, slowErr)
			}
			if isPlainText(data) {
				plain++
			}
		}
		if plain < 3 {
			t.Errorf("%s: only %d of %d events took the quick way", name, plain, len(events))
		}
	}
}
