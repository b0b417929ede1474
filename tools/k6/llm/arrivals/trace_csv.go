package arrivals

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// table is a kind of CSV trace: its columns, and what its times are.
type table struct {
	at, prompt, output string
	clock              func(string) (milliseconds float64, err error)
	example            string
}

var tables = []table{
	{"TIMESTAMP", "ContextTokens", "GeneratedTokens", wallClock, "2023-11-16 18:15:46.6805900"},
	{"Timestamp", "Request tokens", "Response tokens", secondsClock, "12.5 (seconds)"},
}

func wallClock(text string) (float64, error) {
	at, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		// Azure's traces of 2024 say the zone.
		at, err = time.Parse("2006-01-02 15:04:05Z07:00", text)
	}
	return float64(at.UnixMicro()) / 1e3, err
}

func secondsClock(text string) (float64, error) {
	seconds, err := strconv.ParseFloat(text, 64)
	return seconds * 1e3, err
}

func (t *tracer) readCSV(file io.Reader) error {
	reader := csv.NewReader(file)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return csvError(err)
	}
	known := slices.IndexFunc(tables, func(k table) bool {
		return slices.Contains(header, k.at) && slices.Contains(header, k.prompt) && slices.Contains(header, k.output)
	})
	if known < 0 {
		return fmt.Errorf("line 1: expected the columns TIMESTAMP, ContextTokens, GeneratedTokens (Azure) or "+
			"Timestamp, Request tokens, Response tokens (BurstGPT), or JSON lines; found %q", cut(strings.Join(header, ",")))
	}
	kind := tables[known]
	at, prompt, output := slices.Index(header, kind.at), slices.Index(header, kind.prompt), slices.Index(header, kind.output)
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvError(err)
		}
		if err := t.addFields(kind, fields[at], fields[prompt], fields[output]); err != nil {
			line, _ := reader.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func (t *tracer) addFields(kind table, at, prompt, output string) error {
	milliseconds, err := kind.clock(at)
	if err != nil {
		return fmt.Errorf("expected %s to be a time such as %s, found %q", kind.at, kind.example, cut(at))
	}
	promptTokens, ok := parseTokens(prompt)
	if !ok {
		return fmt.Errorf("expected %s to be a whole number from 0, found %q", kind.prompt, cut(prompt))
	}
	outputTokens, ok := parseTokens(output)
	if !ok {
		return fmt.Errorf("expected %s to be a whole number from 0, found %q", kind.output, cut(output))
	}
	return t.add(milliseconds, true, promptTokens, outputTokens)
}

func parseTokens(text string) (int32, bool) {
	value, err := strconv.ParseInt(text, 10, 32)
	return int32(value), err == nil && value >= 0
}

func csvError(err error) error {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return fmt.Errorf("line %d: expected the header's number of comma-separated values, found: %w", bad.Line, bad.Err)
	}
	return err
}

// cut keeps a message short.
func cut(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
