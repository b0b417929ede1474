// Package rxtime tells when the bytes that a connection handed out had reached
// the machine: by the kernel's own stamp, so that neither a busy processor nor
// the garbage collector stretches what is measured.
package rxtime

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"go.k6.io/k6/v2/lib/netext"
)

// Transport is k6's transport, but that its TCP connections know their receive
// times. Dialer, TLS, proxies and limits stay k6's; the pool is its own.
func Transport(of *http.Transport) *http.Transport {
	stamping := of.Clone()
	dial := of.DialContext
	stamping.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		// k6's counter of bytes stays outermost.
		if counted, ok := conn.(*netext.Conn); ok && err == nil {
			if tcp, ok := counted.Conn.(*net.TCPConn); ok {
				counted.Conn = stamped(tcp)
			}
		}
		return conn, err
	}
	return stamping
}

// By does a write, or has it done, at some time of its own.
type By func(write func() (int, error)) (int, error)

// Hold has the next write done by somebody else; nil takes that back.
func (c *Conn) Hold(by By) {
	if c == nil {
		return
	}
	if by == nil {
		c.holder.Store(nil)
		return
	}
	c.holder.Store(&by)
}

// Write implements net.Conn.
func (c *Conn) Write(from []byte) (int, error) {
	if by := c.holder.Swap(nil); by != nil {
		return (*by)(func() (int, error) { return c.TCPConn.Write(from) })
	}
	return c.TCPConn.Write(from)
}

// Of finds the connection that knows its receive times under k6's and TLS'
// layers; nil where there is none.
func Of(conn net.Conn) *Conn {
	for {
		switch layer := conn.(type) {
		case *tls.Conn:
			conn = layer.NetConn()
		case *netext.Conn:
			conn = layer.Conn
		case *Conn:
			return layer
		default:
			return nil
		}
	}
}

// Received is when the last bytes that were read had arrived, given the time
// now at which the reading was over; now itself where the kernel does not say.
func (c *Conn) Received(now time.Time) time.Time {
	if c == nil {
		return now
	}
	stamp := c.stamp.Load()
	if stamp == 0 {
		return now
	}
	// The stamp is of the wall clock. What lies between is short, and the
	// result monotonic: a step of the wall clock spoils one event at most.
	age := time.Duration(now.UnixNano() - stamp)
	if age < 0 || age > maxAge {
		return now
	}
	return now.Add(-age)
}

// Bytes do not wait this long in a socket that somebody reads.
const maxAge = 10 * time.Second
