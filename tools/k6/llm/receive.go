package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"firedrill/tools/k6/llm/stream"
)

const (
	maxErrorBody = 64 << 10
	maxWholeBody = 8 << 20
	// How long the end of the body may take after the answer is over. A body
	// read to its end leaves a connection that the next request can use.
	drainTimeout = time.Second
)

// receive reads the answer and returns the outcome and, for a bad one, why.
func (x *exchange) receive(ctx context.Context) (outcome, why string) {
	response := x.response
	defer response.Body.Close()
	if status := response.StatusCode; status != http.StatusOK {
		// As much of the text as comes: the status is known.
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
		return outcomeOfStatus(status), stream.ErrorText(body)
	}
	kind := response.Header.Get("Content-Type")
	if media, _, _ := mime.ParseMediaType(kind); media != x.mediaType() {
		return outcomeDecode, fmt.Sprintf("expected an answer of type %s, found %q", x.mediaType(), kind)
	}
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return outcomeDecode, fmt.Sprintf("expected an answer that is not compressed, as asked for, found %q", encoding)
	}
	if x.whole {
		return x.readWhole(ctx, response.Body)
	}
	return x.readStream(ctx, response.Body)
}

// readStream is the read loop. The time is that at which the bytes had reached
// the socket or, where nobody stamped them, at which the read returned: before
// anything is parsed. Events of one read share it.
func (x *exchange) readStream(ctx context.Context, body io.Reader) (outcome, why string) {
	emit := x.take
	for {
		count, readErr := body.Read(x.buffer[:])
		x.at = max(x.at, since(x.sending.conn.Received(time.Now())))
		if count > 0 {
			switch err := x.parser.Feed(x.buffer[:count], emit); {
			case err == nil, x.over > 0 && !errors.Is(err, errLeft):
				// What comes behind the end of an answer is not part of it.
			case errors.Is(err, errLeft):
				return outcomeCancelled, err.Error()
			default:
				return outcomeDecode, err.Error()
			}
		}
		switch {
		case readErr == nil:
			continue
		case x.failure != "":
			return outcomeErrorEvent, x.failure
		case x.over > 0, x.finish != "" && errors.Is(readErr, io.EOF):
			return outcomeOK, ""
		}
		return x.broken(ctx, readErr)
	}
}

// take is one event of the stream.
func (x *exchange) take(event, data []byte) error {
	if x.over > 0 || len(data) == 0 || string(event) == "ping" {
		return nil
	}
	first(&x.marks.firstEvent, x.at)
	chunk, err := x.reader.Read(event, data)
	if err != nil {
		return err
	}
	x.marks.see(chunk, x.at)
	if chunk.Content {
		x.timers.content(x.at)
	}
	x.keep(chunk)
	if x.text.Len() > maxWholeBody {
		return errors.New("text larger than 8 MiB")
	}
	if chunk.Done || chunk.Failure != "" {
		x.over = x.at
		x.timers.stop()
		x.timers.total.timer.Reset(drainTimeout)
	} else if x.leaveAfterTokens > 0 && x.marks.chunks >= x.leaveAfterTokens {
		x.over = x.at
		return errLeft
	}
	return nil
}

func (x *exchange) readWhole(ctx context.Context, body io.Reader) (outcome, why string) {
	text, err := io.ReadAll(io.LimitReader(body, maxWholeBody+1))
	x.at = since(x.sending.conn.Received(time.Now()))
	switch {
	case err != nil:
		return x.broken(ctx, err)
	case len(text) > maxWholeBody:
		return outcomeDecode, "answer larger than 8 MiB"
	}
	chunk, err := stream.ReadWhole(text)
	if err != nil {
		return outcomeDecode, err.Error()
	}
	x.over = x.at
	x.keep(chunk)
	if x.failure != "" {
		return outcomeErrorEvent, x.failure
	}
	return outcomeOK, ""
}

// keep is what a chunk says of the whole answer. Of what comes twice the last counts.
func (x *exchange) keep(chunk stream.Chunk) {
	if chunk.Usage != nil {
		x.usage = chunk.Usage
	}
	if chunk.Finish != "" {
		x.finish = chunk.Finish
	}
	if chunk.Failure != "" {
		x.failure = chunk.Failure
	}
	if x.wantText {
		x.text.WriteString(chunk.Text)
	}
}
