package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// A frame is a 32-bit length (of all that follows it), a kind, and the payload; numbers are little-endian. Those that
// have an answer say so.
const (
	// frameOpen begins an incident: a JSON openRequest, answered with its rule groups.
	frameOpen = 'O'
	// frameSeries names series: count, then for each its number (they count up from 0), and its labels as count and pairs of
	// texts (16-bit lengths).
	frameSeries = 'N'
	// frameSamples is one scrape: time in milliseconds (64 bits), count, then number and value of each.
	frameSamples = 'S'
	// frameStale ends series: time, count, numbers.
	frameStale = 'X'
	// frameEvaluate evaluates every rule group that is due up to a time (64 bits), in order of time.
	frameEvaluate = 'E'
	// frameAsk is a JSON askRequest, answered as Prometheus' HTTP API answers it.
	frameAsk = 'Q'
)

const maxFrameBytes = 1 << 28

// frameReader reads frames one after the other.
type frameReader struct {
	input   *bufio.Reader
	head    [5]byte
	payload []byte
}

// next gives a frame's kind, and its payload until the next call.
func (r *frameReader) next() (byte, []byte, error) {
	if _, err := io.ReadFull(r.input, r.head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.LittleEndian.Uint32(r.head[:4])
	if length == 0 || length > maxFrameBytes {
		return 0, nil, fmt.Errorf("expected a frame of 1 to %d bytes, found %d", maxFrameBytes, length)
	}
	r.payload = slices.Grow(r.payload[:0], int(length-1))[:length-1]
	if _, err := io.ReadFull(r.input, r.payload); err != nil {
		return 0, nil, fmt.Errorf("frame cut off: %w", err)
	}
	return r.head[4], r.payload, nil
}

// writeAnswer sends a 32-bit length, 0 for an answer or 1 for an error, and the JSON or the error's text.
func writeAnswer(writer *bufio.Writer, answer []byte, failure error) error {
	status := byte(0)
	if failure != nil {
		status, answer = 1, []byte(failure.Error())
	}
	var head [5]byte
	binary.LittleEndian.PutUint32(head[:4], uint32(len(answer)+1))
	head[4] = status
	if _, err := writer.Write(head[:]); err != nil {
		return err
	}
	_, err := writer.Write(answer)
	return err
}

// decoder reads a payload from front to back; the first read beyond its end makes it broken.
type decoder struct {
	rest   []byte
	broken bool
}

func (d *decoder) take(count int) []byte {
	if count > len(d.rest) {
		d.broken = true
		return make([]byte, count)
	}
	taken := d.rest[:count]
	d.rest = d.rest[count:]
	return taken
}

func (d *decoder) uint16() int     { return int(binary.LittleEndian.Uint16(d.take(2))) }
func (d *decoder) uint32() uint32  { return binary.LittleEndian.Uint32(d.take(4)) }
func (d *decoder) int64() int64    { return int64(binary.LittleEndian.Uint64(d.take(8))) }
func (d *decoder) float() float64  { return math.Float64frombits(binary.LittleEndian.Uint64(d.take(8))) }
func (d *decoder) text() string    { return string(d.take(d.uint16())) }
func (d *decoder) has(n int) bool  { return !d.broken && n <= len(d.rest) }
func (d *decoder) finished() error { return d.problem(len(d.rest) == 0) }

func (d *decoder) problem(whole bool) error {
	if d.broken || !whole {
		return fmt.Errorf("a frame's payload is not as long as it says")
	}
	return nil
}
