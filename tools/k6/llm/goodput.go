package llm

import "fmt"

// slo is what a good request keeps to; nil is no demand. Milliseconds.
type slo struct {
	TTFT *float64 `js:"ttft"`
	TPOT *float64 `js:"tpot"`
	E2E  *float64 `js:"e2e"`
}

func (s *slo) check() error {
	if s == nil {
		return nil
	}
	for name, value := range map[string]*float64{"ttft": s.TTFT, "tpot": s.TPOT, "e2e": s.E2E} {
		if value != nil && !(*value >= 0) {
			return fmt.Errorf("expected slo.%s to be milliseconds, found %v", name, *value)
		}
	}
	return nil
}

// good: a whole answer, in time for the user. What a user waits for the first
// token and for the end counts from when the schedule wanted the request, so a
// late client does not look like a fast server.
func (s *slo) good(line *record) bool {
	if line.Outcome != outcomeOK {
		return false
	}
	from := line.Started
	if line.Intended != nil {
		from = *line.Intended
	}
	if s.TTFT != nil && (line.TTFT == nil || line.Written == nil || *line.Written-from+*line.TTFT > *s.TTFT) {
		return false
	}
	if s.TPOT != nil {
		if line.TPOT == nil && line.OutputTokens > 1 || line.TPOT != nil && *line.TPOT > *s.TPOT {
			return false
		}
	}
	return s.E2E == nil || line.Ended-from <= *s.E2E
}
