package stream

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Usage is how the server counted tokens.
type Usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	Details          struct {
		CachedTokens *int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

// wireMessage is a delta of a stream or the message of a whole answer.
type wireMessage struct {
	Content          string            `json:"content"`
	Refusal          string            `json:"refusal"`
	Reasoning        string            `json:"reasoning"`
	ReasoningContent string            `json:"reasoning_content"`
	ToolCalls        []json.RawMessage `json:"tool_calls"`
}

type wireChunk struct {
	Choices []struct {
		Text         string      `json:"text"`
		Delta        wireMessage `json:"delta"`
		Message      wireMessage `json:"message"`
		FinishReason *string     `json:"finish_reason"`
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
	chunk := wire.meaning()
	chunk.Failure = Shorten(failure)
	return chunk, nil
}

// meaning does not look at errors.
func (w *wireChunk) meaning() Chunk {
	chunk := Chunk{Usage: w.Usage, Choice: len(w.Choices) > 0}
	for _, choice := range w.Choices {
		for _, m := range []wireMessage{choice.Delta, choice.Message} {
			chunk.Answer = chunk.Answer || m.Content != "" || m.Refusal != "" || len(m.ToolCalls) > 0
			chunk.Content = chunk.Content || m.Reasoning != "" || m.ReasoningContent != ""
			chunk.Text += m.Content
		}
		chunk.Text += choice.Text
		chunk.Answer = chunk.Answer || choice.Text != ""
		if choice.FinishReason != nil && *choice.FinishReason != "" {
			chunk.Finish = *choice.FinishReason
		}
	}
	chunk.Content = chunk.Content || chunk.Answer
	return chunk
}

// ReadWhole is an answer that was not streamed, as one chunk.
func ReadWhole(body []byte) (Chunk, error) {
	chunk, err := decodeChunk(nil, body)
	if err == nil && !chunk.Choice && chunk.Failure == "" {
		err = fmt.Errorf("expected an answer with choices, found %q", Shorten(string(body)))
	}
	return chunk, err
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

// Shorten keeps an error's text readable in a table.
func Shorten(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(text[:maxErrorText], "") + "…"
}
