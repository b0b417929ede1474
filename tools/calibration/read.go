package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// read is the least that a client of the streams can do: net/http, a time for
// every piece after Read, events told by their text. It is what the cost of
// the real client is compared with, so nothing is added to it.
func read(args []string) error {
	flags := flag.NewFlagSet("read", flag.ContinueOnError)
	url := flags.String("url", "", "of the server")
	rate := flags.Float64("rate", 0, "open loop: requests per second")
	streams := flags.Int("streams", 1, "closed loop, where no rate is given: so many at once, again and again")
	seconds := flags.Float64("seconds", 10, "no request starts after that")
	spool := flags.String("spool", os.DevNull, "file of the rows, one JSON object a line")
	if err := flags.Parse(args); err != nil {
		return err
	}
	out, err := os.Create(*spool)
	if err != nil {
		return err
	}
	defer out.Close()
	r := &reader{
		url: *url + "/v1/chat/completions", rows: json.NewEncoder(out),
		// Waiting for a free connection would be load that is not offered.
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1 << 16, DisableCompression: true}},
	}
	start := time.Now()
	end := start.Add(time.Duration(*seconds * float64(time.Second)))
	if *rate > 0 {
		r.open(start, end, *rate)
	} else {
		r.closed(end, *streams)
	}
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	notice{"events": r.events.Load(), "requests": r.requests.Load(), "cpuSeconds": cpu.Seconds()}.print(os.Stdout)
	return nil
}

type reader struct {
	url              string
	client           *http.Client
	wait             sync.WaitGroup
	requests, events atomic.Int64
	mutex            sync.Mutex
	rows             *json.Encoder
}

func (r *reader) open(start, end time.Time, rate float64) {
	for index := 0; ; index++ {
		due := start.Add(time.Duration(float64(index) / rate * float64(time.Second)))
		if !due.Before(end) {
			break
		}
		time.Sleep(time.Until(due))
		r.wait.Go(func() { r.ask(&due) })
	}
	r.wait.Wait()
}

func (r *reader) closed(end time.Time, streams int) {
	for range streams {
		r.wait.Go(func() {
			for time.Now().Before(end) {
				r.ask(nil)
			}
		})
	}
	r.wait.Wait()
}

var (
	body    = []byte(`{"model":"calibration","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}`)
	data    = []byte("data: ")
	content = []byte(`"content":"`)
	empty   = []byte(`"content":""`)
	done    = []byte("data: [DONE]")
	buffers = sync.Pool{New: func() any { return make([]byte, 4<<10) }}
)

func (r *reader) ask(intended *time.Time) {
	x := row{id: fmt.Sprintf("reader-%d", r.requests.Add(1)), started: time.Now(), intended: intended}
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { x.written.Store(new(time.Now())) }}
	request, _ := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), http.MethodPost, r.url, bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Id", x.id)
	response, err := r.client.Do(request)
	if err == nil {
		x.ok = x.stamp(response.Body) && response.StatusCode == http.StatusOK
		response.Body.Close()
	}
	x.ended = time.Now()
	r.events.Add(int64(len(x.at)))
	r.mutex.Lock()
	defer r.mutex.Unlock()
	_ = r.rows.Encode(x.record())
}

// stamp takes the time of every content event, and says whether the end came.
func (x *row) stamp(body io.Reader) (ended bool) {
	buffer := buffers.Get().([]byte)
	defer buffers.Put(buffer)
	var rest []byte // of a line that goes on in the next piece
	for {
		n, err := body.Read(buffer)
		at := time.Now()
		piece, before := buffer[:n], len(x.at)
		if len(rest) > 0 {
			piece = append(rest, piece...)
			rest = nil
		}
		for {
			end := bytes.IndexByte(piece, '\n')
			if end < 0 {
				break
			}
			line := piece[:end]
			piece = piece[end+1:]
			if bytes.HasPrefix(line, data) && bytes.Contains(line, content) && !bytes.Contains(line, empty) {
				x.at = append(x.at, at)
			}
			ended = ended || bytes.Equal(line, done)
		}
		rest = slices.Clone(piece)
		x.coalesced += max(len(x.at)-before-1, 0)
		if err != nil {
			return ended && err == io.EOF
		}
	}
}
