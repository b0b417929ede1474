package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// notice is a line on standard output: what the server is at, in JSON.
type notice map[string]any

func (n notice) print(out io.Writer) {
	line, _ := json.Marshal(n)
	fmt.Fprintf(out, "%s\n", line)
}

// serve streams answers until a signal, the end of standard input (where that
// is asked for) or --max-seconds ends it.
func serve(args []string) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	// Less work between two ticks, for a little memory.
	debug.SetGCPercent(400)
	log := io.Discard
	if o.log != "" {
		file, err := os.Create(o.log)
		if err != nil {
			return err
		}
		defer file.Close()
		log = file
	}
	s, err := listen(o, log, func(n notice) { n.print(os.Stdout) })
	if err != nil {
		return err
	}
	notice{"ready": s.url()}.print(os.Stdout)
	go stopWhenAsked(o, s)
	if err := s.run(); err != nil {
		return err
	}
	notice{"stats": s.stats.report()}.print(os.Stdout)
	return nil
}

func stopWhenAsked(o options, s *server) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	stdin := make(chan struct{})
	if o.untilStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(stdin)
		}()
	}
	select {
	case <-signals:
	case <-stdin:
	case <-time.After(time.Duration(o.maxSeconds) * time.Second):
	}
	s.stop()
}

// stats are what the server says of itself at its end. Its lateness is no part
// of the truth: that is the log.
type stats struct {
	requests, refused     int
	kernelStamps          int // requests stamped by the kernel; the others when they were read
	events, blocked       int
	connections, accepted int
	peakConnections       int
	streams, peakStreams  int
	late                  histogram // microseconds after the schedule
	stopped               atomic.Bool
}

func (t *stats) report() map[string]any {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return map[string]any{
		"requests": t.requests, "refused": t.refused, "kernelStamps": t.kernelStamps,
		"events": t.events, "blocked": t.blocked,
		"accepted": t.accepted, "peakConnections": t.peakConnections, "peakStreams": t.peakStreams,
		"lateMsP50": float64(t.late.quantile(0.5)) / 1e3, "lateMsP99": float64(t.late.quantile(0.99)) / 1e3,
		"lateMsMax":  float64(t.late.quantile(1)) / 1e3,
		"cpuSeconds": cpu.Seconds(),
	}
}
