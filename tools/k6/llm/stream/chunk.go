package stream

import (
	"bytes"
	"strings"
)

// Chunk is what one event of the stream means for the measurement.
type Chunk struct {
	Choice  bool   // has a choice, even an empty one
	Content bool   // carries text, reasoning, a refusal or a tool call
	Answer  bool   // carries content that is not reasoning
	Finish  string // a choice's finish reason
	Done    bool   // [DONE]
	Usage   *Usage
	Failure string // an error inside a 200 stream
	Text    string // only from a reader that wants it
}

// Reader tells what the events of one stream mean. Nearly all of them differ
// from the one before in a piece of text and in nothing else; those are
// recognised without decoding, and without allocating.
//
// That is exact, not a guess. A decoded chunk with text is prefix + text +
// suffix, where the prefix ends with the key and the quote before the text. An
// event with the same prefix and suffix, and between them the inside of
// another JSON string that is not empty, has the same tokens in the same
// places: decoding could only find another text.
type Reader struct {
	WantText bool // decodes every event

	prefix, suffix []byte
	pattern        Chunk
}

// Reset makes it ready for another stream and keeps its memory.
func (r *Reader) Reset(wantText bool) {
	r.WantText, r.prefix, r.suffix = wantText, r.prefix[:0], r.suffix[:0]
}

var doneMark = []byte("[DONE]")

// Read does not keep the slices.
func (r *Reader) Read(event, data []byte) (Chunk, error) {
	switch {
	case len(data) == 0:
		return Chunk{}, nil
	case bytes.Equal(data, doneMark):
		return Chunk{Done: true}, nil
	case len(event) > 0 || r.WantText:
		return decodeChunk(event, data)
	case r.matches(data):
		return r.pattern, nil
	}
	chunk, err := decodeChunk(nil, data)
	if err == nil && chunk.Content && chunk.Failure == "" {
		r.learn(data, chunk)
	}
	return chunk, err
}

func (r *Reader) matches(data []byte) bool {
	from, to := len(r.prefix), len(data)-len(r.suffix)
	return from > 0 && from < to &&
		bytes.HasSuffix(data, r.suffix) && bytes.HasPrefix(data, r.prefix) &&
		stringEnd(data[from:to]) == to-from
}

// textKeys are the strings of a chunk that change from event to event.
var textKeys = [][]byte{
	[]byte(`"content"`), []byte(`"text"`), []byte(`"reasoning_content"`), []byte(`"reasoning"`), []byte(`"arguments"`),
}

// learn takes the first text of a valid chunk that is not empty as the part
// that changes. Giants (with the prompt's token ids in them) come once: they are
// not worth their memory.
func (r *Reader) learn(data []byte, chunk Chunk) {
	if len(data) > keptBytes {
		return
	}
	for _, key := range textKeys {
		from := textAfter(data, key)
		if from < 0 {
			continue
		}
		if length := stringEnd(data[from:]); length > 0 && from+length < len(data) {
			r.prefix = append(r.prefix[:0], data[:from]...)
			r.suffix = append(r.suffix[:0], data[from+length:]...)
			chunk.Text = ""
			r.pattern = chunk
			return
		}
	}
}

// textAfter is where the string begins that is the value of key, or -1. Inside
// a JSON string every quote is escaped: after a brace, a comma or white space
// the raw bytes of the quoted key, with a colon behind, can only be a key.
func textAfter(data, key []byte) int {
	at := bytes.Index(data, key)
	if at < 1 || strings.IndexByte("{, \n\t\r", data[at-1]) < 0 {
		return -1
	}
	rest := bytes.TrimLeft(data[at+len(key):], " \n\t\r")
	if len(rest) == 0 || rest[0] != ':' {
		return -1
	}
	rest = bytes.TrimLeft(rest[1:], " \n\t\r")
	if len(rest) == 0 || rest[0] != '"' {
		return -1
	}
	return len(data) - len(rest) + 1
}

// stringEnd is the length of the inside of a JSON string at the start of b: up
// to its closing quote, to the end, or to what may not stand in a string.
func stringEnd(b []byte) int {
	for at := 0; at < len(b); at++ {
		switch c := b[at]; {
		case c == '"' || c < ' ':
			return at
		case c == '\\':
			width := escapeWidth(b[at:])
			if width == 0 {
				return at
			}
			at += width - 1
		}
	}
	return len(b)
}

// escapeWidth is 0 for what is no escape.
func escapeWidth(b []byte) int {
	switch {
	case len(b) < 2:
		return 0
	case b[1] != 'u':
		if strings.IndexByte(`"\/bfnrt`, b[1]) < 0 {
			return 0
		}
		return 2
	case len(b) < 6:
		return 0
	}
	for _, c := range b[2:6] {
		if strings.IndexByte("0123456789abcdefABCDEF", c) < 0 {
			return 0
		}
	}
	return 6
}
