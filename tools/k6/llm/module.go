// Package llm registers k6/x/llm: a client of OpenAI-compatible servers that
// reads the stream in Go and measures it there.
package llm

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
)

func init() { modules.Register("k6/x/llm", new(rootModule)) }

// rootModule is one per process.
type rootModule struct{ counts counts }

type moduleInstance struct {
	vu      modules.VU
	metrics llmMetrics
	counts  *counts
}

// NewModuleInstance implements modules.Module.
func (m *rootModule) NewModuleInstance(vu modules.VU) modules.Instance {
	registered, err := registerMetrics(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), err)
	}
	return &moduleInstance{vu: vu, metrics: registered, counts: &m.counts}
}

// Exports implements modules.Instance.
func (m *moduleInstance) Exports() modules.Exports {
	return modules.Exports{Named: map[string]any{"Client": m.construct, "stats": m.stats}}
}

// stats counts the requests of the whole process so far.
func (m *moduleInstance) stats() map[string]any {
	return map[string]any{
		"started": m.counts.started.Load(),
		"failed":  m.counts.failed.Load(),
		// Not finished minus failed: read one after the other, they need not fit.
		"finished": m.counts.finished.Load(),
	}
}

// Options of the constructor. Durations are milliseconds.
type Options struct {
	URL          string            `js:"url"` // base URL, without /v1
	Headers      map[string]string `js:"headers"`
	Timeout      float64           `js:"timeout"`
	StallTimeout float64           `js:"stallTimeout"`
	Spool        string            `js:"spool"` // a file for one JSON line per request; none where empty
}

const defaultTimeout = time.Minute

func (m *moduleInstance) construct(call sobek.ConstructorCall) *sobek.Object {
	rt := m.vu.Runtime()
	var options Options
	err := rt.ExportTo(call.Argument(0), &options)
	if err == nil && !strings.HasPrefix(options.URL, "http://") && !strings.HasPrefix(options.URL, "https://") {
		err = fmt.Errorf("expected url to be a base URL such as http://127.0.0.1:8080, found %q", options.URL)
	}
	if err != nil {
		common.Throw(rt, fmt.Errorf("llm.Client: %w", err))
	}
	made := &Client{
		module:  m,
		base:    strings.TrimRight(options.URL, "/"),
		headers: options.Headers,
		timeout: milliseconds(options.Timeout),
		stall:   milliseconds(options.StallTimeout),
		buffer:  make([]byte, readBufferBytes),
	}
	if made.timeout <= 0 {
		made.timeout = defaultTimeout
	}
	// In the init context k6 also runs scripts that never get a VU: the file is
	// opened with the first request.
	made.spoolPath = options.Spool
	return rt.ToValue(made).ToObject(rt)
}

func milliseconds(value float64) time.Duration {
	return time.Duration(value * float64(time.Millisecond))
}

var errInit = errors.New("llm.Client: requests can only be made by a virtual user, not in the init context")
