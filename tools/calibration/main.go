// Command calibration is what firedrill's load client is measured against: a
// streaming server that logs what it wrote to the wire and when, and a minimal
// reader of the same streams.
package main

import (
	"fmt"
	"os"
)

const usage = `usage: calibration serve|read [flags]
  serve   streams OpenAI answers on a known schedule and logs what went over the wire
  read    a minimal client of the same streams: what reading them costs at least`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(64)
	}
	var err error
	switch command, args := os.Args[1], os.Args[2:]; command {
	case "serve":
		err = serve(args)
	case "read":
		err = read(args)
	default:
		err = fmt.Errorf("expected serve or read, found %s\n%s", command, usage)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "calibration:", err)
		os.Exit(1)
	}
}
