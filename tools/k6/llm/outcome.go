package llm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"go.k6.io/k6/v2/lib/netext"
)

// How a request ended: a closed list, so that it can be a metric's tag.
const (
	outcomeOK                = "ok"
	outcomeDNS               = "dns"
	outcomeBlocked           = "blocked" // by k6's blacklistIPs or blockHostnames
	outcomeConnectRefused    = "connect_refused"
	outcomeConnectFailed     = "connect_failed"
	outcomeTLS               = "tls"
	outcomeReset             = "reset"
	outcomeTimeoutConnect    = "timeout_connect"
	outcomeTimeoutHeaders    = "timeout_headers"
	outcomeTimeoutFirstToken = "timeout_first_token"
	outcomeTimeoutTotal      = "timeout_total" // in the middle of the answer
	outcomeTimeoutStall      = "timeout_stall" // no content for stallTimeout, while the whole was still in time
	outcomeTruncated         = "truncated"     // the stream ended without a finish reason or [DONE]
	outcomeHTTP4xx           = "http_4xx"
	outcomeHTTP429           = "http_429"
	outcomeHTTP5xx           = "http_5xx"
	outcomeHTTPOther         = "http_other"
	outcomeErrorEvent        = "error_event" // an error inside a 200 stream
	outcomeDecode            = "decode"      // not an event stream, or not the chunks of this API
	outcomeCancelled         = "cancelled"   // by the client on purpose
	outcomeStopped           = "stopped"     // by k6: the ramp went down or the test ended
	outcomeOther             = "other"
)

var (
	errTimeout    = errors.New("request timeout")
	errConnect    = errors.New("no connection within the connect timeout")
	errFirstToken = errors.New("no content within the first-token timeout")
	errStall      = errors.New("no content within the stall timeout")
	errLeft       = errors.New("cancelled by the client")
)

// phase is how far a request came.
type phase int

const (
	connecting phase = iota
	awaitingHeaders
	awaitingContent
	streaming
)

// outcomeOfStatus is for statuses that are not 200.
func outcomeOfStatus(status int) string {
	switch {
	case status == 429:
		return outcomeHTTP429
	case status >= 400 && status < 500:
		return outcomeHTTP4xx
	case status >= 500:
		return outcomeHTTP5xx
	default:
		return outcomeHTTPOther
	}
}

var timeouts = [...]string{
	connecting: outcomeTimeoutConnect, awaitingHeaders: outcomeTimeoutHeaders,
	awaitingContent: outcomeTimeoutFirstToken, streaming: outcomeTimeoutTotal,
}

// outcomeOfError says why a request broke off. The context knows best: once it
// is cancelled, what the network reports is only a consequence.
func outcomeOfError(ctx context.Context, at phase, err error) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLeft):
		return outcomeCancelled
	case errors.Is(cause, errConnect):
		return outcomeTimeoutConnect
	case errors.Is(cause, errTimeout):
		return timeouts[at]
	case errors.Is(cause, errFirstToken):
		// The first content may come in the moment in which the limit rings.
		return timeouts[min(at, awaitingContent)]
	case errors.Is(cause, errStall):
		return outcomeTimeoutStall
	case cause != nil:
		return outcomeStopped
	}
	if at == connecting {
		return outcomeOfDial(err)
	}
	switch {
	case isTLS(err):
		return outcomeTLS
	case isLost(err):
		return outcomeReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if at == awaitingHeaders {
			return outcomeReset
		}
		return outcomeTruncated
	}
	return outcomeOther
}

func outcomeOfDial(err error) string {
	var dns *net.DNSError
	var refusedIP netext.BlackListedIPError
	var refusedName netext.BlockedHostError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return outcomeDNS
	case errors.As(err, &refusedIP), errors.As(err, &refusedName):
		return outcomeBlocked
	case errors.Is(err, syscall.ECONNREFUSED):
		return outcomeConnectRefused
	case isTLS(err):
		return outcomeTLS
	case os.IsTimeout(err):
		return outcomeTimeoutConnect
	case errors.As(err, &op) && op.Op == "dial":
		return outcomeConnectFailed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return outcomeReset
	}
	return outcomeOther
}

// isLost: a reset, no answer to keep-alive or to what was sent, no way to the
// host any more; of HTTP/2, a stream that the server reset.
func isLost(err error) bool {
	var op *net.OpError
	var reset http2Reset
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.As(err, &op) && (op.Op == "read" || op.Op == "write") || errors.As(err, &reset)
}

// http2Reset has the fields of golang.org/x/net/http2's StreamError, into whose
// likes net/http lets its own be turned.
type http2Reset struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (http2Reset) Error() string { return "stream reset" }

func isTLS(err error) bool {
	// The other side's alerts have no type that could be named, others no type at all.
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") || strings.HasPrefix(err.Error(), "tls: ") {
		return true
	}
	var (
		alert       tls.AlertError
		record      tls.RecordHeaderError
		certificate *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		host        x509.HostnameError
	)
	return errors.As(err, &alert) || errors.As(err, &record) || errors.As(err, &certificate) ||
		errors.As(err, &unknown) || errors.As(err, &host)
}
