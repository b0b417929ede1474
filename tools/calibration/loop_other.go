//go:build !linux

package main

import (
	"errors"
	"io"
)

type conn struct{}

type server struct{ stats stats }

func listen(options, io.Writer, func(notice)) (*server, error) {
	return nil, errors.New("the calibration server needs Linux: its kernel stamps what arrives")
}

func (s *server) url() string { return "" }
func (s *server) run() error  { return nil }
func (s *server) stop()       {}
