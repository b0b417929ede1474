package llm

import "testing"

func TestGoodRequests(t *testing.T) {
	base := record{
		Outcome: outcomeOK, Started: 1_000, Written: pointer(1_010.0), Ended: 1_500,
		TTFT: pointer(90.0), TPOT: pointer(20.0), OutputTokens: 10,
	}
	tests := map[string]struct {
		slo    slo
		change func(r *record)
		want   bool
	}{
		"no demand":                     {slo{}, func(*record) {}, true},
		"failed":                        {slo{}, func(r *record) { r.Outcome = outcomeCancelled }, false},
		"ttft with the dial":            {slo{TTFT: pointer(100.0)}, func(*record) {}, true},
		"dial too slow":                 {slo{TTFT: pointer(99.0)}, func(*record) {}, false},
		"intended earlier":              {slo{TTFT: pointer(100.0)}, func(r *record) { r.Intended = pointer(999.0) }, false},
		"intended earlier, e2e":         {slo{E2E: pointer(500.0)}, func(r *record) { r.Intended = pointer(999.0) }, false},
		"e2e":                           {slo{E2E: pointer(500.0)}, func(*record) {}, true},
		"no ttft":                       {slo{TTFT: pointer(100.0)}, func(r *record) { r.TTFT = nil }, false},
		"tpot":                          {slo{TPOT: pointer(20.0)}, func(*record) {}, true},
		"tpot too slow":                 {slo{TPOT: pointer(19.0)}, func(*record) {}, false},
		"no tpot of one token":          {slo{TPOT: pointer(19.0)}, func(r *record) { r.TPOT, r.OutputTokens = nil, 1 }, true},
		"no tpot of ten tokens":         {slo{TPOT: pointer(19.0)}, func(r *record) { r.TPOT = nil }, false},
		"all of them, one is not kept":  {slo{pointer(100.0), pointer(20.0), pointer(499.0)}, func(*record) {}, false},
		"all of them, and all are kept": {slo{pointer(100.0), pointer(20.0), pointer(500.0)}, func(*record) {}, true},
	}
	for name, test := range tests {
		line := base
		test.change(&line)
		if got := test.slo.good(&line); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
