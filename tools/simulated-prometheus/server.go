package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

var errNoIncident = errors.New("expected an incident to be open, found none")

// server holds the incident that is open. What goes wrong in a frame without an answer is told by the next one that has one.
type server struct {
	files    *ruleFiles
	incident *incident
	failure  error
}

func (s *server) handle(kind byte, payload []byte) ([]byte, error) {
	switch kind {
	case frameOpen:
		return s.open(payload)
	case frameAsk:
		if s.failure != nil {
			return nil, s.failure
		}
		if s.incident == nil {
			return nil, errNoIncident
		}
		return s.incident.ask(payload)
	}
	if s.incident == nil {
		s.fail(errNoIncident)
		return nil, nil
	}
	d := &decoder{rest: payload}
	switch kind {
	case frameSeries:
		s.fail(s.name(d))
	case frameSamples:
		s.fail(s.scrape(d))
	case frameStale:
		s.fail(s.end(d))
	case frameEvaluate:
		until := d.int64()
		if err := d.finished(); err != nil {
			s.fail(err)
			break
		}
		s.incident.until = max(s.incident.until, until)
	default:
		s.fail(fmt.Errorf("expected a kind of frame, found %q", kind))
	}
	return nil, nil
}

func (s *server) fail(err error) {
	if s.failure == nil {
		s.failure = err
	}
}

func (s *server) open(payload []byte) ([]byte, error) {
	var request openRequest
	if err := json.Unmarshal(payload, &request); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	s.failure = nil
	if s.files == nil || !s.files.isOf(request) {
		files, err := loadRuleFiles(request)
		if err != nil {
			return nil, err
		}
		s.files = files
	}
	s.incident = openIncident(request, s.files, s.incident)
	return s.incident.ruleGroups()
}

func (s *server) name(d *decoder) error {
	count := d.uint32()
	for range count {
		if !d.has(6) {
			break
		}
		number := d.uint32()
		pairs := make([]string, 0, 16)
		for range 2 * d.uint16() {
			pairs = append(pairs, d.text())
		}
		if d.broken {
			break
		}
		if err := s.incident.name(number, labels.FromStrings(pairs...)); err != nil {
			return err
		}
	}
	return d.finished()
}

func (s *server) scrape(d *decoder) error {
	at, count := d.int64(), d.uint32()
	if err := d.problem(d.has(12 * int(count))); err != nil {
		return err
	}
	for range count {
		number, v := d.uint32(), d.float()
		if err := s.incident.append(number, at, v); err != nil {
			return err
		}
	}
	return d.finished()
}

func (s *server) end(d *decoder) error {
	at, count := d.int64(), d.uint32()
	// A marker may be older than evaluations that are due and must not see it.
	if at <= s.incident.until {
		s.incident.settle()
	}
	if err := d.problem(d.has(4 * int(count))); err != nil {
		return err
	}
	stale := math.Float64frombits(value.StaleNaN)
	for range count {
		if err := s.incident.append(d.uint32(), at, stale); err != nil {
			return err
		}
	}
	return d.finished()
}
