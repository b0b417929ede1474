package stream

import (
	"bytes"
	"errors"
)

// maxEventBytes bounds what one event may hold in memory. Real chunks are a
// few hundred bytes; a server that sends more than this is broken.
const maxEventBytes = 1 << 20

var ErrEventTooLarge = errors.New("server-sent event larger than 1 MiB")

// Parser is the event stream of the HTML standard, section 9.2.6, fed with
// whatever each read returned: lines end in LF, CR or CRLF, and events and
// lines may be split or merged in any way. Event ids and retry times mean
// nothing here and are skipped.
type Parser struct {
	line  []byte // an unfinished line of earlier reads
	event []byte // the value of the last event field
	data  []byte // data fields so far, each with a closing LF
	begun bool   // a byte order mark may only be the first thing
	cr    bool   // the last byte was CR: an LF now belongs to it
}

// Feed parses b and calls emit for each finished event that has data. The
// slices are only good during the call. It stops at the first error of emit.
func (p *Parser) Feed(b []byte, emit func(event, data []byte) error) error {
	for len(b) > 0 {
		if p.cr {
			p.cr = false
			if b[0] == '\n' {
				b = b[1:]
				continue
			}
		}
		end := lineEnd(b)
		if end < 0 {
			p.line = append(p.line, b...)
			return p.check()
		}
		line := b[:end]
		if len(p.line) > 0 {
			p.line = append(p.line, line...)
			line = p.line
		}
		p.cr = b[end] == '\r'
		b = b[end+1:]
		err := p.take(line, emit)
		p.line = p.line[:0]
		if err != nil {
			return err
		}
	}
	return nil
}

// take handles one whole line.
func (p *Parser) take(line []byte, emit func(event, data []byte) error) error {
	if !p.begun {
		p.begun = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if len(line) == 0 {
		return p.dispatch(emit)
	}
	field, value, found := bytes.Cut(line, []byte{':'})
	if found && len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	switch string(field) {
	case "data":
		p.data = append(append(p.data, value...), '\n')
	case "event":
		p.event = append(p.event[:0], value...)
	}
	return p.check()
}

func (p *Parser) dispatch(emit func(event, data []byte) error) error {
	event, data := p.event, p.data
	p.event, p.data = p.event[:0], p.data[:0]
	if len(data) == 0 {
		return nil
	}
	return emit(event, data[:len(data)-1])
}

func (p *Parser) check() error {
	if len(p.line)+len(p.data) > maxEventBytes {
		return ErrEventTooLarge
	}
	return nil
}

// lineEnd is the index of the first CR or LF, or -1.
func lineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	head := b
	if lf >= 0 {
		head = b[:lf]
	}
	if cr := bytes.IndexByte(head, '\r'); cr >= 0 {
		return cr
	}
	return lf
}
