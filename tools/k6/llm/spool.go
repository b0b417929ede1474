package llm

import (
	"encoding/json"
	"os"
	"sync"
)

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

func (s *spool) write(r *record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, err = s.file.Write(append(line, '\n'))
	return err
}
