package main

import (
	"container/heap"
	"fmt"

	"golang.org/x/sys/unix"
)

// begin takes the next request of a connection that has none in hand.
func (s *server) begin(c *conn) {
	if c.stream != nil || len(c.in) == 0 {
		return
	}
	r, err := parseRequest(c.in)
	switch err {
	case nil:
		c.in = append(c.in[:0], c.in[r.length:]...)
	case errIncomplete:
		return
	default:
		s.refuse(c, "400 Bad Request")
		return
	}
	chat := r.path == "/v1/chat/completions"
	switch {
	case r.path == "/health":
		s.plain(c, "200 OK")
	case !chat && r.path != "/v1/completions":
		s.plain(c, "404 Not Found")
	case s.stats.streams >= s.maxStreams:
		s.refuse(c, "503 Service Unavailable")
	default:
		s.start(c, r, chat)
	}
}

func (s *server) start(c *conn, r request, chat bool) {
	s.streamsBegun++
	t := &stream{number: s.streamsBegun, conn: c, answer: newAnswer(r.id, chat, s.options), left: s.tokens}
	t.due = s.schedule.firstAt(c.at, t.number)
	c.stream = t
	s.log.request(t.number, c.at, c.kernel, r.id)
	if c.kernel {
		s.stats.kernelStamps++
	}
	if s.stats.requests++; s.stats.requests == 1 {
		s.tell(notice{"first": float64(c.at) / 1e6})
	}
	s.stats.streams++
	s.stats.peakStreams = max(s.stats.peakStreams, s.stats.streams)
	s.enqueue(t)
	if !c.write(t.answer.head) {
		s.drop(c)
	}
}

// emit writes the content that is due, of the stream at the head of the queue.
func (s *server) emit(t *stream, at int64) {
	bytes, count := t.answer.content, min(s.batch, t.left)
	if count < s.batch {
		bytes = t.answer.rest
	}
	if !t.started {
		t.started = true
		bytes = append(t.answer.role, bytes...)
	}
	s.log.contents(t.number, at, count)
	s.stats.events += count
	open := t.conn.write(bytes)
	t.left -= count
	if open && t.left == 0 {
		at = now()
		open = t.conn.write(t.answer.tail)
	}
	if !open {
		s.drop(t.conn)
		return
	}
	switch {
	case t.left == 0:
		heap.Pop(&s.queue)
		s.log.done(t.number, at)
		t.conn.stream = nil
		s.stats.streams--
		if len(t.conn.waiting) > 0 {
			s.await(t.conn)
			return
		}
		s.begin(t.conn)
	case len(t.conn.waiting) > 0:
		heap.Pop(&s.queue)
		s.await(t.conn)
	default:
		t.due += s.schedule.interval
		heap.Fix(&s.queue, 0)
	}
}

// await has the socket say when it takes bytes again: its reader is behind.
func (s *server) await(c *conn) {
	s.stats.blocked++
	_ = s.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN|unix.EPOLLOUT)
}

func (s *server) writable(c *conn) {
	waiting := c.waiting
	c.waiting = nil
	if !c.write(waiting) {
		s.drop(c)
		return
	}
	if len(c.waiting) > 0 {
		return
	}
	_ = s.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN)
	if t := c.stream; t != nil {
		t.due += s.schedule.interval
		s.enqueue(t)
		return
	}
	s.begin(c)
}

func (s *server) plain(c *conn, status string) {
	if !c.write(fmt.Appendf(nil, "HTTP/1.1 %s\r\ncontent-length: 0\r\n\r\n", status)) {
		s.drop(c)
	}
}

func (s *server) refuse(c *conn, status string) {
	s.stats.refused++
	_ = c.write(fmt.Appendf(nil, "HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", status))
	s.drop(c)
}

// drop closes a connection and forgets what it was being sent.
func (s *server) drop(c *conn) {
	if c.closed {
		return
	}
	c.closed = true
	if t := c.stream; t != nil {
		s.log.left(t.number, now())
		s.stats.streams--
		for index, queued := range s.queue {
			if queued == t {
				heap.Remove(&s.queue, index)
				break
			}
		}
	}
	delete(s.conns, c.fd)
	s.stats.connections--
	_ = unix.Close(c.fd)
}
