// Package llm registers k6/x/llm: a client of OpenAI-compatible servers that
// reads the stream in Go and measures it there.
package llm

import (
	"errors"

	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	"go.k6.io/k6/v2/secretsource"
)

func init() { modules.Register("k6/x/llm", new(rootModule)) }

// rootModule is one per process.
type rootModule struct {
	counts    counts
	schedules schedules
	users     users
	pressures pressures
	surges    surges
}

type moduleInstance struct {
	vu        modules.VU
	metrics   llmMetrics
	counts    *counts
	schedules *schedules
	users     *users
	pressures *pressures
	surges    *surges
	secrets   *secretsource.Manager // nil where k6 has no source of secrets
	transport transport
}

// NewModuleInstance implements modules.Module.
func (m *rootModule) NewModuleInstance(vu modules.VU) modules.Instance {
	registered, err := registerMetrics(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), err)
	}
	return &moduleInstance{
		vu: vu, metrics: registered, counts: &m.counts, schedules: &m.schedules, users: &m.users,
		pressures: &m.pressures, surges: &m.surges,
		secrets: vu.InitEnv().SecretsManager,
	}
}

// Exports implements modules.Instance.
func (m *moduleInstance) Exports() modules.Exports {
	return modules.Exports{Named: map[string]any{
		"Client": m.construct, "Arrivals": m.constructArrivals, "stats": m.stats, "nextUser": m.nextUser,
		"press": m.press, "release": m.release, "pressure": m.pressure, "startSurge": m.startSurge, "nextExtra": m.nextExtra,
	}}
}

// stats counts the requests of the whole process so far.
func (m *moduleInstance) stats() map[string]any {
	return map[string]any{
		"started": m.counts.started.Load(),
		"failed":  m.counts.failed.Load(),
		// Not finished minus failed: read one after the other, they need not fit.
		"finished": m.counts.finished.Load(),
		"inFlight": m.counts.inFlight(),
	}
}

var errInit = errors.New("requests can only be made by a virtual user, not in the init context")
