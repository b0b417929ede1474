package rxtime

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Conn is a TCP connection that is read with recvmsg(2), which also gives the
// time at which the last of the bytes arrived (SO_TIMESTAMPNS, socket(7)).
// Like net/http, it reads in one goroutine at a time.
type Conn struct {
	*net.TCPConn
	stamp  atomic.Int64 // of the latest read, nanoseconds since the epoch; 0 for unknown
	holder atomic.Pointer[By]

	raw     syscall.RawConn
	receive func(fd uintptr) bool // c.recvmsg, bound once: a read allocates nothing
	into    []byte
	count   int
	errno   syscall.Errno
	message unix.Msghdr
	vector  unix.Iovec
	control [64]byte
}

// Prepare is for some time before the first connection. The kernel begins to stamp a while after the first socket has
// asked for it, and ends with the last; what comes in between carries the time
// of its reading. A socket that nobody closes keeps it at it.
var Prepare = sync.OnceFunc(func() {
	if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err == nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}
})

// stamped is conn itself where the kernel does not stamp.
func stamped(conn *net.TCPConn) net.Conn {
	Prepare()
	raw, err := conn.SyscallConn()
	if err != nil {
		return conn
	}
	refused := error(nil)
	if err := raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}); err != nil || refused != nil {
		return conn
	}
	c := &Conn{TCPConn: conn, raw: raw}
	c.receive = c.recvmsg
	return c
}

// Read implements net.Conn.
func (c *Conn) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	c.into = into
	err := c.raw.Read(c.receive)
	c.into = nil
	switch {
	case err != nil:
		return 0, err
	case c.errno != 0:
		return 0, &net.OpError{
			Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("recvmsg", c.errno),
		}
	case c.count == 0:
		return 0, io.EOF
	}
	return c.count, nil
}

// recvmsg is false where nothing has come: the runtime then waits.
func (c *Conn) recvmsg(fd uintptr) bool {
	c.vector.Base = &c.into[0]
	c.vector.SetLen(len(c.into))
	c.message.Iov = &c.vector
	c.message.SetIovlen(1)
	c.message.Control = &c.control[0]
	for {
		c.message.SetControllen(len(c.control))
		count, _, errno := syscall.Syscall(syscall.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&c.message)), 0)
		switch errno {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return false
		}
		c.errno, c.count = errno, int(count)
		if errno == 0 && count > 0 {
			c.stamp.Store(c.stampOfMessage())
		}
		return true
	}
}

// stampOfMessage finds the timespec among the control messages, cmsg(3).
func (c *Conn) stampOfMessage() int64 {
	rest := c.control[:min(int(c.message.Controllen), len(c.control))]
	for len(rest) >= unix.SizeofCmsghdr {
		header := (*unix.Cmsghdr)(unsafe.Pointer(&rest[0]))
		length := int(header.Len)
		if length < unix.SizeofCmsghdr || length > len(rest) {
			return 0
		}
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SCM_TIMESTAMPNS &&
			length >= unix.CmsgLen(int(unsafe.Sizeof(unix.Timespec{}))) {
			return (*unix.Timespec)(unsafe.Pointer(&rest[unix.CmsgLen(0)])).Nano()
		}
		rest = rest[min(unix.CmsgSpace(length-unix.CmsgLen(0)), len(rest)):]
	}
	return 0
}
