package arrivals

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Trace is a recorded schedule: 16 bytes a row.
type Trace struct {
	rows []row
}

type row struct {
	at             int64 // microseconds
	prompt, output int32
}

// ReadTrace reads a file of arrivals and knows its format by its beginning:
//
//   - Azure's LLM inference traces (CSV: TIMESTAMP,ContextTokens,GeneratedTokens),
//   - Mooncake's (JSON lines: timestamp in ms, input_length, output_length),
//   - BurstGPT's (CSV: Timestamp in s, Request tokens, Response tokens),
//   - JSON lines {at, promptTokens, outputTokens}: milliseconds from the zero, tokens optional.
//
// Published traces count from their first row, so that a cut-out works as well.
// Rows must be in order: a trace that has to be sorted is more often a mistake.
// With a speed of 2 it takes half the time.
func ReadTrace(file io.Reader, speed float64) (*Trace, error) {
	if !(speed > 0 && speed <= 1e6) {
		return nil, fmt.Errorf("expected speed to be a factor above 0, found %v", speed)
	}
	reader := bufio.NewReaderSize(file, 1<<16)
	if mark, _ := reader.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = reader.Discard(3)
	}
	beginning, _ := reader.Peek(4096)
	t := tracer{speed: speed}
	var err error
	if trimmed := bytes.TrimSpace(beginning); len(trimmed) == 0 {
		err = errors.New("expected a trace, found an empty file")
	} else if trimmed[0] == '{' {
		err = t.readLines(reader)
	} else {
		err = t.readCSV(reader)
	}
	if err == nil && len(t.rows) == 0 {
		err = errors.New("expected rows after the header, found none")
	}
	if err != nil {
		return nil, err
	}
	return &Trace{rows: t.rows}, nil
}

// End leaves out what comes at that time or later.
func (t *Trace) End(over time.Duration) {
	end := slices.IndexFunc(t.rows, func(r row) bool { return time.Duration(r.at)*time.Microsecond >= over })
	if end >= 0 {
		t.rows = t.rows[:end]
	}
}

// Expected implements Plan.
func (t *Trace) Expected() float64 { return float64(len(t.rows)) }

// Walk implements Plan.
func (t *Trace) Walk() Walk {
	next := 0
	return func() (Arrival, bool) {
		if next == len(t.rows) {
			return Arrival{}, false
		}
		r := t.rows[next]
		next++
		return Arrival{
			Index: int64(next - 1), At: time.Duration(r.at) * time.Microsecond, PromptTokens: r.prompt, OutputTokens: r.output,
		}, true
	}
}

// tracer collects rows.
type tracer struct {
	speed       float64
	rows        []row
	first, last float64 // milliseconds, as the file counts
}

// A year. What lies beyond is a time of day where a time of the run was meant.
const longest = 366 * 24 * 3600 * 1e3

// add takes a row whose time is in milliseconds of the file's clock. fromFirst
// is for files whose clock does not start with the load.
func (t *tracer) add(at float64, fromFirst bool, prompt, output int32) error {
	if len(t.rows) == 0 {
		t.last = at
		if fromFirst {
			t.first = at
		}
	}
	if at < t.last {
		return fmt.Errorf("expected rows in the order of time, found one %.3f ms earlier than the row before: sort the trace", t.last-at)
	}
	t.last = at
	offset := at - t.first
	if !(offset >= 0 && offset <= longest) {
		return fmt.Errorf("expected a time within a year of the trace's start, found %v ms", offset)
	}
	t.rows = append(t.rows, row{int64(math.Round(offset * 1e3 / t.speed)), prompt, output})
	return nil
}

func tokens(value float64) (int32, bool) {
	return int32(value), value >= 0 && value <= math.MaxInt32 && value == math.Trunc(value)
}
