package llm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
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

// outcomeOfError says why a request broke off. The context knows best: once it
// is cancelled, what the network reports is only a consequence.
func outcomeOfError(ctx context.Context, at phase, err error) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLeft):
		return outcomeCancelled
	case errors.Is(cause, errConnect):
		return outcomeTimeoutConnect
	case errors.Is(cause, errTimeout), errors.Is(cause, errFirstToken):
		return [...]string{
			outcomeTimeoutConnect, outcomeTimeoutHeaders, outcomeTimeoutFirstToken, outcomeTimeoutTotal,
		}[at]
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
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
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

func isTLS(err error) bool {
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
