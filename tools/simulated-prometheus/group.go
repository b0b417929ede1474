package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/rules"
)

// group is one rule group and when it is evaluated next and was evaluated last.
type group struct {
	*rules.Group
	singles []*single
	next    time.Time
	last    time.Time
}

func newGroup(loaded loadedGroup, request openRequest, options *rules.ManagerOptions) *group {
	singles := make([]*single, 0, len(loaded.rules))
	for _, rule := range loaded.rules {
		singles = append(singles, newSingle(loaded.Group, rule, options))
	}
	from := time.UnixMilli(request.From)
	next := loaded.EvalTimestamp(from.UnixNano())
	if request.Aligned {
		next = from.Truncate(loaded.Interval())
	}
	for !next.After(from) {
		next = next.Add(loaded.Interval())
	}
	return &group{Group: loaded.Group, singles: singles, next: next}
}

// evaluate evaluates the rules one after the other, as their group does; `before` is told each that is not quiet.
func (g *group) evaluate(before func(*single)) {
	for _, one := range g.singles {
		if one.isQuiet(g.next) {
			continue
		}
		before(one)
		one.Eval(context.Background(), g.next)
	}
	g.last = g.next
	g.next = g.next.Add(g.Interval())
}

func sortedKeys[K cmp.Ordered, V any](of map[K]V) []K { return slices.Sorted(maps.Keys(of)) }
