package main

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// conn is one connection. Everything of it is used by the loop alone.
type conn struct {
	fd      int
	in      []byte // of requests to come
	at      int64  // when the last of it arrived
	kernel  bool   // by the kernel's clock, not by the read's
	stream  *stream
	waiting []byte // the socket took no more of a write
	closed  bool
}

// read takes what the socket has. On loopback the kernel stamps a segment while
// the client's write is still under way, so that the server's own delay does
// not count as the client's.
func (c *conn) read(scratch, control []byte) (open bool) {
	for {
		n, controls, _, _, err := unix.Recvmsg(c.fd, scratch, control, 0)
		switch {
		case err == unix.EAGAIN:
			return true
		case err == unix.EINTR:
			continue
		case err != nil || n == 0:
			return false
		}
		c.in = append(c.in, scratch[:n]...)
		if c.at, c.kernel = stampOf(control[:controls]); !c.kernel {
			c.at = now()
		}
		if n < len(scratch) {
			return true
		}
	}
}

// stampOf finds SO_TIMESTAMPNS' message: a header (length, level, type), then
// seconds and nanoseconds.
func stampOf(control []byte) (nanos int64, found bool) {
	order := binary.NativeEndian
	for len(control) >= unix.SizeofCmsghdr+16 {
		length := int(order.Uint64(control))
		level, kind := order.Uint32(control[8:]), order.Uint32(control[12:])
		if level == unix.SOL_SOCKET && kind == unix.SCM_TIMESTAMPNS {
			seconds := int64(order.Uint64(control[unix.SizeofCmsghdr:]))
			rest := int64(order.Uint64(control[unix.SizeofCmsghdr+8:]))
			return seconds*1e9 + rest, seconds > 0
		}
		step := (length + 7) &^ 7
		if step < unix.SizeofCmsghdr || step > len(control) {
			break
		}
		control = control[step:]
	}
	return 0, false
}

// write hands bytes to the socket; what it does not take now waits for it.
func (c *conn) write(bytes []byte) (open bool) {
	if len(c.waiting) > 0 {
		c.waiting = append(c.waiting, bytes...)
		return true
	}
	for {
		n, err := unix.Write(c.fd, bytes)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			n = 0
		case err != nil:
			return false
		}
		if n < len(bytes) {
			c.waiting = append(c.waiting, bytes[n:]...)
		}
		return true
	}
}

// now is the realtime clock, as the kernel's stamps are.
func now() int64 { return time.Now().UnixNano() }
