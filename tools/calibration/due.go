package main

// stream is one answer that is being sent.
type stream struct {
	number  uint64
	conn    *conn
	answer  answer
	due     int64 // nanoseconds since the epoch
	left    int   // content events
	started bool
}

// dueQueue is a heap (container/heap): the next stream to write comes first.
type dueQueue []*stream

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].due < q[j].due }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)        { *q = append(*q, x.(*stream)) }

func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return s
}
