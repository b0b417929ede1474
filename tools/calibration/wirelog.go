package main

import (
	"bufio"
	"io"
	"strconv"
)

// wireLog is the truth: a line for each thing that crossed the wire, with the
// realtime clock in microseconds.
//
//	q STREAM MICROS k|r ID   a request's last byte arrived: when the kernel took
//	                         it from the client (k), or when it was read (r)
//	e STREAM MICROS COUNT    before the write of COUNT content events
//	d STREAM MICROS          before the write of the answer's end
//	x STREAM MICROS          the client left before that
//
// Lines are collected in memory: one write in thousands of events.
type wireLog struct {
	out  *bufio.Writer
	line []byte
}

func newWireLog(out io.Writer) *wireLog {
	return &wireLog{out: bufio.NewWriterSize(out, 64<<10)}
}

func (l *wireLog) request(stream uint64, at int64, kernel bool, id string) {
	l.begin('q', stream, at)
	source := byte('r')
	if kernel {
		source = 'k'
	}
	l.line = append(l.line, ' ', source, ' ')
	l.line = append(l.line, id...)
	l.end()
}

func (l *wireLog) contents(stream uint64, at int64, count int) {
	l.begin('e', stream, at)
	l.line = append(l.line, ' ')
	l.line = strconv.AppendInt(l.line, int64(count), 10)
	l.end()
}

func (l *wireLog) done(stream uint64, at int64) { l.begin('d', stream, at); l.end() }
func (l *wireLog) left(stream uint64, at int64) { l.begin('x', stream, at); l.end() }

func (l *wireLog) flush() error { return l.out.Flush() }

func (l *wireLog) begin(kind byte, stream uint64, at int64) {
	l.line = append(l.line[:0], kind, ' ')
	l.line = strconv.AppendUint(l.line, stream, 10)
	l.line = append(l.line, ' ')
	l.line = strconv.AppendInt(l.line, at/1_000, 10)
}

// An error of the file stays with the writer, and is told at the end.
func (l *wireLog) end() { _, _ = l.out.Write(append(l.line, '\n')) }
