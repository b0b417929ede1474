package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// logged is one request as the wire log tells it. Microseconds.
type logged struct {
	received int64
	kernel   bool
	contents []int64
	events   int
	end      byte // d, x, or 0
}

type running struct {
	server *server
	log    *bytes.Buffer
	ended  chan error
}

func start(t *testing.T, flags ...string) *running {
	t.Helper()
	o, err := parseOptions(flags)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{log: &bytes.Buffer{}, ended: make(chan error, 1)}
	if r.server, err = listen(o, r.log, func(notice) {}); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.server.run() }()
	t.Cleanup(r.server.stop)
	return r
}

// finish stops the server and reads its log, by request id.
func (r *running) finish(t *testing.T) map[string]*logged {
	t.Helper()
	r.server.stop()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
	r.ended <- nil
	byID, byStream := map[string]*logged{}, map[string]*logged{}
	for line := range strings.Lines(r.log.String()) {
		words := strings.Fields(line)
		var at int64
		if _, err := fmt.Sscan(words[2], &at); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		of := byStream[words[1]]
		switch words[0] {
		case "q":
			of = &logged{received: at, kernel: words[3] == "k"}
			byID[words[4]], byStream[words[1]] = of, of
		case "e":
			var count int
			fmt.Sscan(words[3], &count)
			of.contents, of.events = append(of.contents, at), of.events+count
		default:
			of.end = words[0][0]
		}
	}
	return byID
}

func ask(t *testing.T, client *http.Client, url, path, id string) *http.Response {
	t.Helper()
	request, _ := http.NewRequest(http.MethodPost, url+path, bytes.NewReader(body))
	request.Header.Set("X-Request-Id", id)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func TestScheduleAgainstLog(t *testing.T) {
	const interval, first, slack = 20_000, 30_000, 15_000
	for _, phase := range []string{"in-step", "random"} {
		t.Run(phase, func(t *testing.T) {
			r := start(t, "--first=30", "--interval=20", "--tokens=8", "--phase="+phase)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
			before := time.Now().UnixMicro()
			var wait sync.WaitGroup
			for index := range 30 {
				wait.Go(func() {
					for again := range 2 {
						response := ask(t, client, r.server.url(), "/v1/chat/completions", fmt.Sprintf("%d-%d", index, again))
						_, _ = io.Copy(io.Discard, response.Body)
						response.Body.Close()
					}
				})
			}
			wait.Wait()
			log := r.finish(t)
			if len(log) != 60 {
				t.Fatalf("expected 60 requests, found %d", len(log))
			}
			for id, of := range log {
				if of.events != 8 || of.end != 'd' || !of.kernel {
					t.Errorf("%s: %+v", id, of)
				}
				if of.received < before || of.received > before+2_000_000 {
					t.Errorf("%s: received at %d, began at %d", id, of.received, before)
				}
				late := of.contents[0] - of.received - first
				if late < 0 || late > interval+slack {
					t.Errorf("%s: the first event %d µs after its earliest", id, late)
				}
				for index, at := range of.contents {
					due := of.contents[0] + int64(index)*interval
					if phase == "in-step" {
						due = of.contents[0]/interval*interval + int64(index)*interval
					}
					if off := at - due; off < -slack || off > slack {
						t.Errorf("%s: event %d is %d µs off", id, index, off)
					}
				}
			}
			if accepted := r.server.stats.accepted; accepted != 30 {
				t.Errorf("expected 30 connections, each used twice, found %d", accepted)
			}
		})
	}
}

// The stamp is the client's write, even where the server reads much later.
func TestRequestIsStampedByTheKernel(t *testing.T) {
	o, _ := parseOptions([]string{"--first=1", "--interval=1", "--tokens=1"})
	var log bytes.Buffer
	s, err := listen(o, &log, func(notice) {})
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	before := time.Now().UnixMicro()
	fmt.Fprintf(client, "POST /v1/completions HTTP/1.1\r\nX-Request-Id: one\r\nContent-Length: 2\r\n\r\n{}")
	after := time.Now().UnixMicro()
	time.Sleep(100 * time.Millisecond)
	r := &running{server: s, log: &log, ended: make(chan error, 1)}
	go func() { r.ended <- s.run() }()
	if _, err := http.ReadResponse(bufio.NewReader(client), nil); err != nil {
		t.Fatal(err)
	}
	of := r.finish(t)["one"]
	if of == nil || !of.kernel || of.received < before || of.received > after+1_000 {
		t.Errorf("written between %d and %d, found %+v", before, after, of)
	}
}

func TestAnswerIsAnEventStream(t *testing.T) {
	for _, path := range []string{"/v1/chat/completions", "/v1/completions"} {
		r := start(t, "--first=1", "--interval=1", "--tokens=10", "--batch=4")
		response := ask(t, http.DefaultClient, r.server.url(), path, "a b")
		raw, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, finish, usage, choices := "", "", 0, 0
		events := strings.Split(strings.TrimSuffix(string(raw), "\n\n"), "\n\n")
		for _, event := range events[:len(events)-1] {
			var chunk struct {
				ID      string
				Choices []struct {
					Text         string
					Delta        struct{ Content string }
					FinishReason *string `json:"finish_reason"`
				}
				Usage *struct {
					Tokens int `json:"completion_tokens"`
				}
			}
			if err := json.Unmarshal([]byte(strings.TrimPrefix(event, "data: ")), &chunk); err != nil {
				t.Fatalf("%q: %v", event, err)
			}
			for _, choice := range chunk.Choices {
				choices++
				text += choice.Text + choice.Delta.Content
				if choice.FinishReason != nil {
					finish = *choice.FinishReason
				}
			}
			if chunk.Usage != nil {
				usage = chunk.Usage.Tokens
			}
			if !strings.HasSuffix(chunk.ID, "cmpl-a b") {
				t.Errorf("id %q", chunk.ID)
			}
		}
		role := 1
		if path == "/v1/completions" {
			role = 0
		}
		if text != strings.Repeat(" word", 10) || finish != "length" || usage != 10 || choices != 11+role || events[len(events)-1] != "data: [DONE]" {
			t.Errorf("%s: text %q, finish %q, usage %d, %d choices", path, text, finish, usage, choices)
		}
		if of := r.finish(t)["a"]; of == nil || of.events != 10 || len(of.contents) != 3 {
			t.Errorf("%s: logged %+v", path, of)
		}
	}
}

func TestClientThatLeaves(t *testing.T) {
	r := start(t, "--first=1", "--interval=5", "--tokens=1000")
	client, err := net.Dial("tcp", r.server.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(client, "POST /v1/completions HTTP/1.1\r\nX-Request-Id: one\r\nContent-Length: 0\r\n\r\n")
	_, _ = client.Read(make([]byte, 4<<10))
	client.Close()
	time.Sleep(100 * time.Millisecond)
	if of := r.finish(t)["one"]; of == nil || of.end != 'x' || of.events > 100 {
		t.Errorf("found %+v", of)
	}
	if s := &r.server.stats; s.streams != 0 || s.connections != 0 {
		t.Errorf("%d streams and %d connections are left", s.streams, s.connections)
	}
}

func TestReaderThatIsBehindGetsEverything(t *testing.T) {
	r := start(t, "--first=1", "--interval=0.1", "--tokens=90000", "--batch=64")
	response := ask(t, http.DefaultClient, r.server.url(), "/v1/completions", "one")
	time.Sleep(300 * time.Millisecond)
	x := row{}
	raw, err := io.ReadAll(response.Body)
	if count := bytes.Count(raw, []byte(`" word"`)); err != nil || count != 90_000 {
		t.Errorf("expected 90000 words, found %d (%v, %v)", count, err, x.ok)
	}
	if of := r.finish(t)["one"]; of.events != 90_000 || of.end != 'd' {
		t.Errorf("logged %d events, end %c", of.events, of.end)
	}
	if r.server.stats.blocked == 0 {
		t.Error("expected the socket to be full for a while")
	}
}

func TestRefusals(t *testing.T) {
	r := start(t, "--max-streams=1", "--first=500")
	first := ask(t, http.DefaultClient, r.server.url(), "/v1/completions", "one")
	defer first.Body.Close()
	for path, status := range map[string]int{"/v1/chat/completions": 503, "/tokenize": 404, "/health": 200} {
		response := ask(t, http.DefaultClient, r.server.url(), path, "two")
		response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("%s: expected %d, found %d", path, status, response.StatusCode)
		}
	}
}

// The reader's rows against the log: what the comparison is made of.
func TestReaderRows(t *testing.T) {
	r := start(t, "--first=20", "--interval=10", "--tokens=6", "--phase=in-step")
	spool := t.TempDir() + "/rows.jsonl"
	if err := read([]string{"--url=" + r.server.url(), "--streams=3", "--seconds=0.05", "--spool=" + spool}); err != nil {
		t.Fatal(err)
	}
	log := r.finish(t)
	rows := readRows(t, spool)
	if len(rows) != len(log) || len(rows) < 3 {
		t.Fatalf("%d rows of %d requests", len(rows), len(log))
	}
	for _, row := range rows {
		of := log[row.ID]
		ttft := float64(of.contents[0]-of.received) / 1e3
		if row.Outcome != "ok" || row.OutputTokens != 6 || row.TTFT < ttft-20 || row.TTFT > ttft+20 || row.GapMax < 5 || row.GapMax > 60 {
			t.Errorf("row %+v, logged %+v", row, of)
		}
		counts := 0
		for _, pair := range row.Gaps {
			counts += int(pair[1])
		}
		if counts != 5 {
			t.Errorf("%d gaps of 6 events", counts)
		}
	}
}
