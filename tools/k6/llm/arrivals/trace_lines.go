package arrivals

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// line is a row of either kind of JSON lines.
type line struct {
	Timestamp    *float64 `json:"timestamp"`
	InputLength  *float64 `json:"input_length"`
	OutputLength *float64 `json:"output_length"`

	At           *float64 `json:"at"`
	PromptTokens *float64 `json:"promptTokens"`
	OutputTokens *float64 `json:"outputTokens"`
}

const (
	mooncakeLine = `{"timestamp": ms, "input_length": tokens, "output_length": tokens}`
	ownLine      = `{"at": ms, "promptTokens": tokens, "outputTokens": tokens}`
	// Mooncake's rows list a hash for every 512 tokens of the prompt.
	longestLine = 16 << 20
)

// readLines takes the kind of the first row for that of all.
func (t *tracer) readLines(file io.Reader) error {
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, 1<<16), longestLine)
	number, expected := 0, ""
	for scanner.Scan() {
		number++
		text := scanner.Bytes()
		if len(text) == 0 {
			continue
		}
		var l line
		err := json.Unmarshal(text, &l)
		if expected == "" {
			switch {
			case l.At != nil:
				expected = ownLine
			case l.Timestamp != nil:
				expected = mooncakeLine
			default:
				expected = mooncakeLine + " (Mooncake) or " + ownLine
				err = errors.New("unknown")
			}
		}
		if expected == mooncakeLine {
			l.At, l.PromptTokens, l.OutputTokens = l.Timestamp, l.InputLength, l.OutputLength
		}
		prompt, promptOK := optionalTokens(l.PromptTokens)
		output, outputOK := optionalTokens(l.OutputTokens)
		if err != nil || l.At == nil || !promptOK || !outputOK {
			return fmt.Errorf("line %d: expected %s, found %s", number, expected, cut(string(text)))
		}
		if err := t.add(*l.At, expected == mooncakeLine, prompt, output); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: expected a JSON object, found a line longer than 16 MiB", number+1)
	}
	return scanner.Err()
}

func optionalTokens(value *float64) (int32, bool) {
	if value == nil {
		return Unknown, true
	}
	return tokens(*value)
}
