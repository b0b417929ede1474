package llm

import (
	"errors"
	"sync"

	"firedrill/tools/k6/llm/arrivals"
)

// users numbers virtual users in the order in which they ask. k6's own ids say
// nothing of that: virtual users are taken from one pool for all scenarios, in
// whatever order they were made.
type users struct {
	mutex sync.Mutex
	walk  arrivals.Walk
}

var errNoUser = errors.New("llm.nextUser: it is for the virtual users of a scenario, not for the init context")

// nextUser is from 0, and no number is given twice in all instances of a
// distributed test.
func (m *moduleInstance) nextUser() (int64, error) {
	state := m.vu.State()
	if state == nil {
		return 0, errNoUser
	}
	m.users.mutex.Lock()
	defer m.users.mutex.Unlock()
	if m.users.walk == nil {
		stripe, err := segmentStripe(state.Options)
		if err != nil {
			return 0, err
		}
		next := int64(-1)
		m.users.walk = stripe(func() (arrivals.Arrival, bool) {
			next++
			return arrivals.Arrival{Index: next}, true
		})
	}
	user, _ := m.users.walk() // has no end
	return user.Index, nil
}
