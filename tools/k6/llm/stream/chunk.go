package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Chunk is what one event of the stream means for the measurement.
type Chunk struct {
	Content  bool // carries text, reasoning or a tool call
	Finished bool // a choice gave its finish reason, or the stream said [DONE]
	Done     bool // [DONE]
	Usage    *Usage
	Failure  string // an error inside a 200 stream
}

type Usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
}

var (
	doneMark    = []byte("[DONE]")
	chatText    = []byte(`"content":"`)
	plainText   = []byte(`"text":"`)
	finishText  = []byte(`"finish_reason":"`)
	usageObject = []byte(`"usage":{`)
	errorKey    = []byte(`"error"`)
)

// ReadChunk tells what an event is. Nearly all events carry a piece of text
// and nothing else; those are recognised without decoding. That is safe, since
// inside a JSON string every quote is escaped: the raw bytes `"content":"`
// can only be a key. What is not so plain is decoded.
func ReadChunk(event, data []byte) (Chunk, error) {
	if len(data) == 0 {
		return Chunk{}, nil
	}
	if bytes.Equal(data, doneMark) {
		return Chunk{Finished: true, Done: true}, nil
	}
	if len(event) == 0 && isPlainText(data) {
		return Chunk{Content: true}, nil
	}
	return decodeChunk(event, data)
}

func isPlainText(data []byte) bool {
	if data[0] != '{' || data[len(data)-1] != '}' {
		return false
	}
	if !hasText(data, chatText) && !hasText(data, plainText) {
		return false
	}
	return !bytes.Contains(data, finishText) && !bytes.Contains(data, usageObject) && !bytes.Contains(data, errorKey)
}

// hasText: the key is there, and its value is not the empty string.
func hasText(data, key []byte) bool {
	at := bytes.Index(data, key)
	return at >= 0 && at+len(key) < len(data) && data[at+len(key)] != '"'
}

type wireChunk struct {
	Choices []struct {
		Text  string `json:"text"`
		Delta struct {
			Content          string            `json:"content"`
			Reasoning        string            `json:"reasoning"`
			ReasoningContent string            `json:"reasoning_content"`
			ToolCalls        []json.RawMessage `json:"tool_calls"`
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *Usage `json:"usage"`
	wireError
}

// wireError is both of vLLM's forms: {"error":{"message":…}} and the older
// {"object":"error","message":…}.
type wireError struct {
	Error   json.RawMessage `json:"error"`
	Object  string          `json:"object"`
	Message string          `json:"message"`
}

func (e wireError) text() string {
	if len(e.Error) > 0 && string(e.Error) != "null" {
		var inner struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(e.Error, &inner) == nil && inner.Message != "" {
			return inner.Message
		}
		return string(e.Error)
	}
	if e.Object == "error" {
		return e.Message
	}
	return ""
}

func decodeChunk(event, data []byte) (Chunk, error) {
	var wire wireChunk
	if err := json.Unmarshal(data, &wire); err != nil {
		if string(event) == "error" {
			return Chunk{Failure: Shorten(string(data))}, nil
		}
		return Chunk{}, fmt.Errorf("expected a JSON chunk, found %q: %w", Shorten(string(data)), err)
	}
	failure := wire.text()
	if failure == "" && string(event) == "error" {
		failure = string(data)
	}
	result := Chunk{Usage: wire.Usage, Failure: Shorten(failure)}
	for _, choice := range wire.Choices {
		delta := choice.Delta
		if choice.Text != "" || delta.Content != "" || delta.Reasoning != "" || delta.ReasoningContent != "" || len(delta.ToolCalls) > 0 {
			result.Content = true
		}
		if choice.FinishReason != nil && *choice.FinishReason != "" {
			result.Finished = true
		}
	}
	return result, nil
}

// ErrorText is the message of an error response's body.
func ErrorText(body []byte) string {
	var wire wireError
	if json.Unmarshal(body, &wire) == nil {
		if text := wire.text(); text != "" {
			return Shorten(text)
		}
	}
	return Shorten(strings.TrimSpace(string(body)))
}

const maxErrorText = 300

func Shorten(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(text[:maxErrorText], "") + "…"
}
