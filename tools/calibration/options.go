package main

import (
	"flag"
	"fmt"
)

// options of the server.
type options struct {
	address    string
	schedule   schedule
	tokens     int
	batch      int // content events a write
	role       bool
	maxStreams int
	maxSeconds int
	log        string
	untilStdin bool
}

func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&o.address, "address", "127.0.0.1:0", "IPv4 address and port; 0 for a free one")
	first := flags.Float64("first", 200, "milliseconds from a request to its first event")
	interval := flags.Float64("interval", 40, "milliseconds between two writes of a stream")
	phase := flags.String("phase", "random", "in-step: all streams on one grid of ticks; random: each on its own")
	flags.IntVar(&o.tokens, "tokens", 64, "content events of an answer")
	flags.IntVar(&o.batch, "batch", 1, "content events that go out in one write")
	flags.BoolVar(&o.role, "role", true, "a role chunk goes before a chat's first content, in the same write")
	flags.IntVar(&o.maxStreams, "max-streams", 4096, "more at once are answered 503")
	flags.IntVar(&o.maxSeconds, "max-seconds", 600, "ends by itself after that")
	flags.StringVar(&o.log, "log", "", "file of the wire log; none where it is empty")
	flags.BoolVar(&o.untilStdin, "until-stdin", false, "ends when standard input does: with whoever started it")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.tokens < 1 || o.batch < 1 || o.maxStreams < 1 || o.maxSeconds < 1 {
		return o, fmt.Errorf("expected --tokens, --batch, --max-streams and --max-seconds of at least 1")
	}
	var err error
	o.schedule, err = newSchedule(*first, *interval, *phase)
	return o, err
}
