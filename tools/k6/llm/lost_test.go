package llm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
)

func TestAHandshakeThatFailsIsTLS(t *testing.T) {
	for name, test := range map[string]struct{ server, client *tls.Config }{
		"a certificate nobody knows": {&tls.Config{}, &tls.Config{}},
		"a newer version wanted":     {&tls.Config{MinVersion: tls.VersionTLS13}, &tls.Config{MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true}},
		"an older version wanted":    {&tls.Config{MaxVersion: tls.VersionTLS12}, &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true}},
		"no certificate to show":     {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, &tls.Config{InsecureSkipVerify: true}},
		"none to show, older":        {&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, &tls.Config{InsecureSkipVerify: true}},
	} {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = test.server
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		x := exchangeWith(s.URL)
		line := x.record(x.run(t.Context(), &http.Transport{TLSClientConfig: test.client, DisableKeepAlives: true}))
		s.Close()
		if line.Outcome != outcomeTLS {
			t.Errorf("%s: got %s (%s)", name, line.Outcome, value(line.Error))
		}
	}
}

func TestAnHTTP2StreamMayBeReset(t *testing.T) {
	for chunks := range 2 {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			if chunks > 0 {
				fmt.Fprint(w, text)
				w.(http.Flusher).Flush()
			}
			panic(http.ErrAbortHandler)
		}))
		s.EnableHTTP2 = true
		s.StartTLS()
		x := exchangeWith(s.URL)
		line := x.record(x.run(t.Context(), s.Client().Transport))
		s.Close()
		if line.Outcome != outcomeReset || line.Chunks != chunks {
			t.Errorf("after %d chunks: got %s (%s), %d chunks", chunks, line.Outcome, value(line.Error), line.Chunks)
		}
	}
}

func TestALostConnectionIsReset(t *testing.T) {
	for _, number := range []syscall.Errno{syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ECONNRESET} {
		err := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", number)}
		for _, at := range []phase{awaitingHeaders, awaitingContent, streaming} {
			if got := outcomeOfError(t.Context(), at, err); got != outcomeReset {
				t.Errorf("%v: got %s", err, got)
			}
		}
	}
}

func TestAFirstTokenLimitThatRingsTooLateIsStillOne(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errFirstToken)
	for at, want := range map[phase]string{
		awaitingHeaders: outcomeTimeoutHeaders, awaitingContent: outcomeTimeoutFirstToken, streaming: outcomeTimeoutFirstToken,
	} {
		if got := outcomeOfError(ctx, at, errors.New("closed")); got != want {
			t.Errorf("in phase %d: got %s, want %s", at, got, want)
		}
	}
}
