//go:build !linux

package rxtime

import (
	"net"
	"sync/atomic"
)

// Conn has no stamps here: times are those at which Read returned.
type Conn struct {
	*net.TCPConn
	stamp  atomic.Int64
	holder atomic.Pointer[By]
}

// Prepare has nothing to do here.
func Prepare() {}

func stamped(conn *net.TCPConn) net.Conn { return conn }
