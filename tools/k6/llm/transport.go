package llm

import (
	"context"
	"net"
	"net/http"

	"go.k6.io/k6/v2/lib"

	"firedrill/tools/k6/llm/rxtime"
)

// transport is a virtual user's: k6's own, with receive times.
type transport struct {
	of        *http.Transport
	stamping  *http.Transport
	iteration int64
}

// sendingKey is how a dialer finds the request that it dials for: the *sending
// among its context's values.
type sendingKey struct{}

// take returns the transport for the user's next request.
func (t *transport) take(state *lib.State) http.RoundTripper {
	of, ok := state.Transport.(*http.Transport)
	if !ok {
		return state.Transport
	}
	if t.of != of {
		t.of, t.stamping = of, rxtime.Transport(of)
		dial := t.stamping.DialContext
		t.stamping.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if s, ok := ctx.Value(sendingKey{}).(*sending); ok {
				if err := s.awaitDial(ctx); err != nil {
					return nil, err
				}
			}
			return dial(ctx, network, address)
		}
	}
	// What k6 does to its own.
	if state.Options.NoVUConnectionReuse.Bool && t.iteration != state.Iteration {
		t.stamping.CloseIdleConnections()
	}
	t.iteration = state.Iteration
	return t.stamping
}
