package stream

import (
	"bytes"
	"errors"
)

// maxEventBytes bounds what one event may hold in memory. Real chunks are a
// few hundred bytes; a server that sends more than this is broken.
const maxEventBytes = 8 << 20

// keptBytes is the capacity that survives Reset: one giant event is not paid
// for until the end of the run.
const keptBytes = 64 << 10

var ErrEventTooLarge = errors.New("server-sent event larger than 8 MiB")

// Parser is the event stream of the HTML standard, section 9.2.6, fed with
// whatever each read returned: lines end in LF, CR or CRLF, and events and
// lines may be split or merged in any way. Only event names and data are kept;
// comments, ids, retry times and unknown fields may be of any length.
type Parser struct {
	event []byte // the value of the last event field
	data  []byte // data fields so far, each with a closing LF

	name  [nameBytes]byte // of the field, as far as the line came
	named int
	field field
	colon bool // the last byte was the colon: one space now belongs to it
	begun bool // a byte order mark may only be the first thing
	cr    bool // the last byte was CR: an LF now belongs to it
}

// nameBytes hold the longest name that matters, after a byte order mark. A
// longer one means nothing.
const nameBytes = len(byteOrderMark) + len("event")

const byteOrderMark = "\ufeff"

// field is where the rest of the line goes.
type field int

const (
	unnamed field = iota // the line is not past its colon
	ignored
	eventField
	dataField
)

// Reset makes it ready for another stream and keeps its memory.
func (p *Parser) Reset() {
	event, data := p.event[:0], p.data[:0]
	if cap(event)+cap(data) > keptBytes {
		event, data = nil, nil
	}
	*p = Parser{event: event, data: data}
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
			return p.take(b)
		}
		if err := p.take(b[:end]); err != nil {
			return err
		}
		p.cr = b[end] == '\r'
		b = b[end+1:]
		if err := p.endLine(emit); err != nil {
			return err
		}
	}
	return nil
}

// take is a piece of a line, without its end.
func (p *Parser) take(piece []byte) error {
	if p.field == unnamed {
		piece = p.readName(piece)
	}
	if p.field < eventField || len(piece) == 0 {
		return nil
	}
	if p.colon {
		p.colon = false
		if piece[0] == ' ' {
			piece = piece[1:]
		}
	}
	if len(p.event)+len(p.data)+len(piece) > maxEventBytes {
		return ErrEventTooLarge
	}
	if p.field == eventField {
		p.event = append(p.event, piece...)
	} else {
		p.data = append(p.data, piece...)
	}
	return nil
}

// readName takes the field's name off the piece and returns what follows the colon.
func (p *Parser) readName(piece []byte) []byte {
	name, rest, found := bytes.Cut(piece, []byte{':'})
	if p.named+len(name) > nameBytes {
		p.field = ignored
		return nil
	}
	p.named += copy(p.name[p.named:], name)
	if found {
		p.nameField()
		p.colon = true
	}
	return rest
}

// nameField: the name is whole.
func (p *Parser) nameField() {
	name := p.name[:p.named]
	if !p.begun {
		name = bytes.TrimPrefix(name, []byte(byteOrderMark))
	}
	switch string(name) {
	case "data":
		p.field = dataField
	case "event":
		p.field, p.event = eventField, p.event[:0]
	default:
		p.field = ignored
	}
}

func (p *Parser) endLine(emit func(event, data []byte) error) error {
	blank := p.field == unnamed && p.named == 0
	if p.field == unnamed && !blank {
		blank = !p.begun && string(p.name[:p.named]) == byteOrderMark
		p.nameField()
	}
	if p.field == dataField {
		if len(p.data) >= maxEventBytes {
			return ErrEventTooLarge
		}
		p.data = append(p.data, '\n')
	}
	p.field, p.named, p.colon, p.begun = unnamed, 0, false, true
	if blank {
		return p.dispatch(emit)
	}
	return nil
}

func (p *Parser) dispatch(emit func(event, data []byte) error) error {
	event, data := p.event, p.data
	p.event, p.data = p.event[:0], p.data[:0]
	if len(data) == 0 {
		return nil
	}
	return emit(event, data[:len(data)-1])
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
