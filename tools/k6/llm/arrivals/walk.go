// Package arrivals decides when requests are wanted: seeded random processes
// whose rate follows stages, and recorded traces. It hands them out when they
// are due, and knows nothing of k6.
package arrivals

import "time"

// Unknown stands where a schedule says nothing about tokens.
const Unknown = -1

// Arrival is one request that the schedule wants.
type Arrival struct {
	// Index is its place in the whole schedule, from 0.
	Index int64
	// At counts from the schedule's zero, in whole microseconds.
	At time.Duration
	// PromptTokens and OutputTokens are those of a trace's row, or Unknown.
	PromptTokens, OutputTokens int32
}

// Walk returns one arrival after the other, never earlier than the one before,
// and false behind the last.
type Walk func() (Arrival, bool)

// Plan is a schedule. Every walk of it is the same.
type Plan interface {
	Walk() Walk
	// Expected is how many arrivals there will be, on average.
	Expected() float64
}
