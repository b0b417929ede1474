package rxtime

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"syscall"
	"testing"
	"time"

	"go.k6.io/k6/v2/lib/netext"
)

// fresh is a connection that knows its receive times, and its other end.
func fresh(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := stamped(near.(*net.TCPConn)).(*Conn)
	if !ok {
		t.Fatal("this kernel does not stamp")
	}
	t.Cleanup(func() { conn.Close(); far.Close() })
	return conn, far.(*net.TCPConn)
}

// pair is one whose bytes the kernel stamps by now.
func pair(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	conn, far := fresh(t)
	// The first of the process has to wait for the kernel to begin.
	for range 200 {
		_, _ = far.Write([]byte("?"))
		written := time.Now()
		time.Sleep(5 * time.Millisecond)
		read(t, conn, "?")
		if conn.Received(time.Now()).Before(written.Add(time.Millisecond)) {
			return conn, far
		}
	}
	t.Fatal("this kernel does not stamp")
	return nil, nil
}

func read(t *testing.T, conn io.Reader, want string) {
	t.Helper()
	buffer := make([]byte, len(want))
	if _, err := io.ReadFull(conn, buffer); err != nil || string(buffer) != want {
		t.Fatalf("read %q, %v, want %q", buffer, err, want)
	}
}

func TestTimeIsThatOfTheArrivalNotOfTheRead(t *testing.T) {
	conn, far := pair(t)
	for _, late := range []time.Duration{0, 150 * time.Millisecond, 30 * time.Millisecond} {
		before := time.Now()
		_, _ = far.Write([]byte("token"))
		after := time.Now()
		time.Sleep(late)
		read(t, conn, "token")
		got := conn.Received(time.Now())
		// The kernel's clock and Go's are one; its reading is a microsecond coarse.
		if slack := time.Millisecond; got.Before(before.Add(-slack)) || got.After(after.Add(slack)) {
			t.Errorf("read %v late: received %v after the write began and %v after it ended", late, got.Sub(before), got.Sub(after))
		}
	}
}

func TestTheKernelGoesOnToStamp(t *testing.T) {
	conn, far := pair(t)
	conn.Close()
	far.Close()
	time.Sleep(100 * time.Millisecond) // it would end a while after the last
	conn, far = fresh(t)
	_, _ = far.Write([]byte("token"))
	written := time.Now()
	time.Sleep(50 * time.Millisecond)
	read(t, conn, "token")
	if late := conn.Received(time.Now()).Sub(written); late > 10*time.Millisecond {
		t.Errorf("a connection's first bytes are stamped %v late", late)
	}
}

func TestAnAgeThatCannotBeIsNotBelieved(t *testing.T) {
	now := time.Now()
	for name, stamp := range map[string]int64{
		"never": 0, "in the future": now.Add(time.Second).UnixNano(), "long ago": now.Add(-time.Minute).UnixNano(),
	} {
		conn := new(Conn)
		conn.stamp.Store(stamp)
		if got := conn.Received(now); got != now {
			t.Errorf("%s: got %v from now", name, got.Sub(now))
		}
	}
	if got := (*Conn)(nil).Received(now); got != now {
		t.Errorf("without a connection: got %v from now", got.Sub(now))
	}
}

func TestReadsAsAConnectionDoes(t *testing.T) {
	conn, far := pair(t)
	sent := make([]byte, 8<<20)
	_, _ = rand.Read(sent)
	go func(far *net.TCPConn) {
		_, _ = far.Write(sent)
		_ = far.CloseWrite()
	}(far)
	if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes, %v, want the %d that were sent, then the end", len(got), err, len(sent))
	}

	conn, _ = pair(t)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("deadline: got %v", err)
	}

	conn, far = pair(t)
	_ = far.SetLinger(0)
	_ = far.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: got %v", err)
	}

	conn, _ = pair(t)
	time.AfterFunc(20*time.Millisecond, func() { conn.Close() })
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: got %v", err)
	}
}

func TestAReadAllocatesNothing(t *testing.T) {
	conn, far := pair(t)
	token, buffer := []byte("token"), make([]byte, 64)
	if allocated := testing.AllocsPerRun(200, func() {
		_, _ = far.Write(token)
		_, _ = conn.Read(buffer)
		_ = conn.Received(time.Now())
	}); allocated != 0 {
		t.Errorf("got %v allocations", allocated)
	}
}

func TestK6sTransportKeepsItsDialerUnderTLSToo(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{
		"plain": httptest.NewServer, "TLS": httptest.NewTLSServer,
	} {
		t.Run(name, func(t *testing.T) {
			server := start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi") }))
			defer server.Close()
			dialer := &netext.Dialer{}
			transport := Transport(&http.Transport{
				DialContext:     dialer.DialContext,
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the test server's own
			})
			defer transport.CloseIdleConnections()
			var conn *Conn
			trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { conn = Of(info.Conn) }}
			request, _ := http.NewRequestWithContext(
				httptrace.WithClientTrace(context.Background(), trace), http.MethodGet, server.URL, nil)
			before := time.Now()
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			read(t, response.Body, "hi")
			_ = response.Body.Close()
			if conn == nil {
				t.Fatal("the connection does not know its receive times")
			}
			if got := conn.Received(time.Now()); !got.After(before) {
				t.Errorf("received %v before the request", before.Sub(got))
			}
			if dialer.BytesRead == 0 || dialer.BytesWritten == 0 {
				t.Errorf("k6 counted %d bytes read and %d written", dialer.BytesRead, dialer.BytesWritten)
			}
		})
	}
}
