package llm

import (
	"encoding/json"
	"os"
	"sync"
)

// record is one line of the spool: the fields of RequestRecord in
// lib/core/run-folder.ts. Times are milliseconds since the epoch, durations
// milliseconds, null where it never came.
type record struct {
	ID           string   `json:"id"`
	VU           uint64   `json:"vu"`
	Iteration    int64    `json:"iteration"`
	Started      float64  `json:"started"`
	Ended        float64  `json:"ended"`
	TTFT         *float64 `json:"ttft"`
	TPOT         *float64 `json:"tpot"`
	E2E          float64  `json:"e2e"`
	GapMax       *float64 `json:"gapMax"`
	GapP99       *float64 `json:"gapP99"`
	PromptTokens *int     `json:"promptTokens"`
	OutputTokens int      `json:"outputTokens"`
	TokensFrom   string   `json:"tokensFrom"`
	Status       int      `json:"status"`
	Outcome      string   `json:"outcome"`
	Error        *string  `json:"error"`
	Replica      *string  `json:"replica"`
}

// spool appends one line per finished request. Each line is one write to a
// file opened for appending: what a killed k6 has measured is in the file, and
// there is nothing to flush. At some hundred requests a second the writes do
// not show in a profile.
type spool struct {
	mutex sync.Mutex
	file  *os.File
}

var spools = struct {
	sync.Mutex
	byPath map[string]*spool
}{byPath: map[string]*spool{}}

// openSpool returns the process's one writer for path.
func openSpool(path string) (*spool, error) {
	spools.Lock()
	defer spools.Unlock()
	if known := spools.byPath[path]; known != nil {
		return known, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	opened := &spool{file: file}
	spools.byPath[path] = opened
	return opened, nil
}

func (s *spool) write(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, err = s.file.Write(append(line, '\n'))
	return err
}
