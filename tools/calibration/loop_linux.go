package main

import (
	"container/heap"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

// server is one loop on one thread: what is due is written before anything
// else is looked at, and nothing is shared.
type server struct {
	options
	epoll, listener, timer, wake int
	addr                         netip.AddrPort
	conns                        map[int]*conn
	queue                        dueQueue
	armed                        int64
	streamsBegun                 uint64
	log                          *wireLog
	tell                         func(notice)
	stats                        stats
	scratch, control             []byte
}

func listen(o options, log io.Writer, tell func(notice)) (*server, error) {
	s := &server{
		options: o, conns: map[int]*conn{}, log: newWireLog(log), tell: tell,
		stats: stats{late: histogram{}}, scratch: make([]byte, 64<<10), control: make([]byte, 128),
	}
	addr, err := netip.ParseAddrPort(o.address)
	if err != nil || !addr.Addr().Is4() {
		return nil, fmt.Errorf("expected --address as 127.0.0.1:8000, found %s", o.address)
	}
	if s.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, err
	}
	// Accepted sockets inherit these.
	for _, option := range [][2]int{{unix.SOL_SOCKET, unix.SO_REUSEADDR}, {unix.SOL_SOCKET, unix.SO_TIMESTAMPNS}, {unix.IPPROTO_TCP, unix.TCP_NODELAY}} {
		if err = unix.SetsockoptInt(s.listener, option[0], option[1], 1); err != nil {
			return nil, err
		}
	}
	if err = unix.Bind(s.listener, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", o.address, err)
	}
	if err = unix.Listen(s.listener, 4096); err != nil {
		return nil, err
	}
	bound, err := unix.Getsockname(s.listener)
	if err != nil {
		return nil, err
	}
	s.addr = netip.AddrPortFrom(addr.Addr(), uint16(bound.(*unix.SockaddrInet4).Port))
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if s.timer, err = unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return nil, err
	}
	if s.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return nil, err
	}
	for _, fd := range []int{s.listener, s.timer, s.wake} {
		if err = s.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *server) url() string { return "http://" + s.addr.String() }

// stop ends the loop; from any goroutine.
func (s *server) stop() {
	s.stats.stopped.Store(true)
	_, _ = unix.Write(s.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (s *server) run() error {
	runtime.LockOSThread()
	defer s.close()
	events := make([]unix.EpollEvent, 256)
	for !s.stats.stopped.Load() {
		if err := s.arm(); err != nil {
			return err
		}
		n, err := unix.EpollWait(s.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		s.writeDue()
		for _, event := range events[:max(n, 0)] {
			s.handle(int(event.Fd), event.Events)
		}
	}
	return s.log.flush()
}

func (s *server) handle(fd int, ready uint32) {
	switch fd {
	case s.listener:
		s.accept()
	case s.timer, s.wake:
		_, _ = unix.Read(fd, s.control[:8])
	default:
		c, ok := s.conns[fd]
		if !ok {
			return
		}
		if ready&unix.EPOLLOUT != 0 {
			s.writable(c)
		}
		if !c.closed && ready&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			s.readable(c)
		}
	}
}

func (s *server) accept() {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		if err := s.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN); err != nil {
			_ = unix.Close(fd)
			continue
		}
		s.conns[fd] = &conn{fd: fd}
		s.stats.accepted++
		s.stats.connections++
		s.stats.peakConnections = max(s.stats.peakConnections, s.stats.connections)
	}
}

func (s *server) readable(c *conn) {
	if !c.read(s.scratch, s.control) {
		s.drop(c)
		return
	}
	s.begin(c)
}

// writeDue writes whatever is due, the earliest first.
func (s *server) writeDue() {
	for len(s.queue) > 0 {
		t := s.queue[0]
		at := now()
		if t.due > at {
			return
		}
		s.stats.late.add((at - t.due) / 1e3)
		s.emit(t, at)
	}
}

// arm sets the timer to what is due next: an absolute time, so that a tick that
// passes meanwhile fires at once.
func (s *server) arm() error {
	if len(s.queue) == 0 || s.queue[0].due == s.armed {
		return nil
	}
	s.armed = s.queue[0].due
	return unix.TimerfdSettime(s.timer, unix.TFD_TIMER_ABSTIME,
		&unix.ItimerSpec{Value: unix.NsecToTimespec(s.armed)}, nil)
}

func (s *server) watch(operation, fd int, what uint32) error {
	return unix.EpollCtl(s.epoll, operation, fd, &unix.EpollEvent{Events: what, Fd: int32(fd)})
}

func (s *server) enqueue(t *stream) { heap.Push(&s.queue, t) }

func (s *server) close() {
	for _, c := range s.conns {
		_ = unix.Close(c.fd)
	}
	for _, fd := range []int{s.listener, s.timer, s.wake, s.epoll} {
		_ = unix.Close(fd)
	}
}
