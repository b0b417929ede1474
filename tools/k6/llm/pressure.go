package llm

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// pressures are what a timeline wants of the load's virtual users for a while.
// Each user has a JavaScript runtime of its own, so what one of them sets is
// kept here, and all others read it before every request. What it says is
// between scripts: JSON texts, told apart by name.
type pressures struct {
	mutex sync.Mutex
	all   []pressure
	now   atomic.Pointer[inForce]
}

type pressure struct {
	name, text string
	until      time.Time
}

// inForce is all of them as one JSON array, until the first of them ends.
type inForce struct {
	text  string
	until time.Time // zero where there are none
}

func (p *pressures) set(name, text string, until time.Time) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.drop(name)
	p.all = append(p.all, pressure{name, text, until})
	p.renew()
}

func (p *pressures) release(name string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.drop(name)
	p.renew()
}

// text is cheap: thousands of users ask before every request.
func (p *pressures) text() string {
	state := p.now.Load()
	if state == nil || state.until.IsZero() {
		return ""
	}
	if time.Now().Before(state.until) {
		return state.text
	}
	// They end by themselves: whoever set them may be gone by then.
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.renew().text
}

func (p *pressures) drop(name string) {
	p.all = slices.DeleteFunc(p.all, func(one pressure) bool { return one.name == name })
}

// renew is called with the mutex held.
func (p *pressures) renew() *inForce {
	now := time.Now()
	p.all = slices.DeleteFunc(p.all, func(one pressure) bool { return !now.Before(one.until) })
	state := &inForce{}
	texts := make([]string, len(p.all))
	for i, one := range p.all {
		texts[i] = one.text
		if state.until.IsZero() || one.until.Before(state.until) {
			state.until = one.until
		}
	}
	if len(texts) > 0 {
		state.text = "[" + strings.Join(texts, ",") + "]"
	}
	p.now.Store(state)
	return state
}

var errUntil = errors.New("expected a time in milliseconds since the epoch, at most a year ahead")

// ahead is a time of the script's on this process' own clock, which nobody sets.
func ahead(until float64) (time.Time, error) {
	left := until - float64(time.Now().UnixMicro())/1e3
	if !(left <= longest) {
		return time.Time{}, errUntil
	}
	return time.Now().Add(milliseconds(max(left, -longest))), nil
}

// press sets what the load is to do until a time; the same name again replaces it.
func (m *moduleInstance) press(name, text string, until float64) error {
	end, err := ahead(until)
	if err == nil {
		m.pressures.set(name, text, end)
	}
	return err
}

// release ends it before.
func (m *moduleInstance) release(name string) {
	m.pressures.release(name)
	m.surges.end(name)
}

// pressure is a JSON array of all that is in force, and an empty text where nothing is.
func (m *moduleInstance) pressure() string { return m.pressures.text() }
