//go:build !linux

package alarm

import "time"

type precise struct{}

func newPrecise(func()) *precise { return nil }

func (*precise) set(time.Duration) {}

func (*precise) close() {}
