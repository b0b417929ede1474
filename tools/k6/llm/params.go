package llm

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/grafana/sobek"
)

// params are those of one request; types/llm.d.ts explains them.
type params struct {
	id               string
	arrival          *int64
	intended         *float64
	whole            bool // not streamed
	wantText         bool
	leaveAfter       time.Duration // 0 for never
	leaveAfterTokens int
	traffic          string
	extra            bool // beyond the load: no arrival of the schedule
}

func readParams(rt *sobek.Runtime, value sobek.Value) (params, error) {
	p := params{}
	if !isNone(value) {
		var given struct {
			ID      string      `js:"id"`
			Stream  *bool       `js:"stream"`
			Text    bool        `js:"text"`
			From    sobek.Value `js:"arrival"`
			Traffic string      `js:"traffic"`
			Extra   bool        `js:"extra"`
			Cancel  *struct {
				AfterTokens *int     `js:"afterTokens"`
				AfterMs     *float64 `js:"afterMs"`
			} `js:"cancel"`
		}
		if err := checkParams(value); err != nil {
			return p, err
		}
		if err := rt.ExportTo(value, &given); err != nil {
			return p, fmt.Errorf("expected params such as {id, cancel: {afterTokens}}: %w", err)
		}
		if strings.ContainsFunc(given.ID, unicode.IsControl) {
			return p, fmt.Errorf("expected an id without control characters, since it is sent as a header, found %q", given.ID)
		}
		p.id, p.wantText = given.ID, given.Text
		p.traffic, p.extra = given.Traffic, given.Extra
		p.whole = given.Stream != nil && !*given.Stream
		if c := given.Cancel; c != nil {
			if c.AfterTokens != nil && *c.AfterTokens < 1 || c.AfterMs != nil && !(*c.AfterMs > 0 && *c.AfterMs <= longest) {
				return p, errors.New("expected cancel.afterTokens ≥ 1 and cancel.afterMs > 0, at most a year")
			}
			if c.AfterTokens != nil {
				p.leaveAfterTokens = *c.AfterTokens
			}
			if c.AfterMs != nil {
				p.leaveAfter = milliseconds(*c.AfterMs)
			}
		}
		if err := p.readArrival(rt, given.From); err != nil {
			return p, err
		}
	}
	if p.id == "" {
		p.id = rand.Text()
	}
	return p, nil
}

func checkParams(value sobek.Value) error {
	if err := onlyKnown(value, "id", "arrival", "stream", "text", "cancel", "traffic", "extra"); err != nil {
		return err
	}
	if object, ok := value.(*sobek.Object); ok {
		if err := onlyKnown(object.Get("cancel"), "afterTokens", "afterMs"); err != nil {
			return fmt.Errorf("cancel: %w", err)
		}
	}
	return nil
}

// latest is some time in the year 2243, in milliseconds: nanoseconds still fit.
const latest = 1 << 43

// readArrival takes what Arrivals.next() returned, or an object like it.
func (p *params) readArrival(rt *sobek.Runtime, value sobek.Value) error {
	if isNone(value) {
		return nil
	}
	object := value.ToObject(rt)
	index, intended := object.Get("index"), object.Get("intended")
	if isNone(index) || isNone(intended) {
		return errors.New("expected arrival to be what Arrivals.next() returned, found no index or no intended time")
	}
	at := intended.ToFloat()
	if !(at >= 0 && at <= latest) {
		return fmt.Errorf("expected arrival.intended in milliseconds since the epoch, found %v", intended)
	}
	p.intended = &at
	if !p.extra {
		p.arrival = pointer(index.ToInteger())
	}
	return nil
}
