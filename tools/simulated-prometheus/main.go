// Program simulated-prometheus is Prometheus' own query engine and rule evaluation on a clock that its caller moves:
// scraped samples come in on stdin, and nothing happens but what a frame asks for. One process serves one incident after
// the other.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace/noop"
)

const bufferBytes = 1 << 20

func main() {
	// Nobody traces. Unless that is said, spans are made for a provider that may still come.
	otel.SetTracerProvider(noop.NewTracerProvider())
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simulated-prometheus:", err)
		os.Exit(1)
	}
}

// serve answers frames until the input ends. What a frame asks wrongly is answered; only a broken pipe or a frame that
// cannot be read ends it.
func serve(input io.Reader, output io.Writer) error {
	frames := &frameReader{input: bufio.NewReaderSize(input, bufferBytes)}
	writer := bufio.NewWriterSize(output, bufferBytes)
	server := &server{}
	for {
		kind, payload, err := frames.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := server.handle(kind, payload)
		if answer == nil && err == nil {
			continue
		}
		if err := writeAnswer(writer, answer, err); err != nil {
			return err
		}
		if err := writer.Flush(); err != nil {
			return err
		}
	}
}
