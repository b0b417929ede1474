package main

import (
	"fmt"
	"strings"
)

const model = "calibration"

// answer is the bytes of one streamed answer, as vLLM writes them: every event
// is a chunk of HTTP's own.
type answer struct {
	head    []byte // status line and headers
	role    []byte // chat only; empty where it is off
	content []byte // one write of content: one event, or a batch of them
	rest    []byte // the last, smaller batch
	tail    []byte // finish reason, usage, [DONE], the end of the body
}

func newAnswer(id string, chat bool, o options) answer {
	completion := "cmpl-"
	object := "text_completion"
	if chat {
		completion, object = "chatcmpl-", "chat.completion.chunk"
	}
	frame := func(choices string) string {
		return fmt.Sprintf(`{"id":"%s%s","object":"%s","created":1795310941,"model":"%s","choices":[%s]`,
			completion, id, object, model, choices)
	}
	choice := func(text, finish string) string {
		if chat {
			return fmt.Sprintf(`{"index":0,"delta":{"content":"%s"},"logprobs":null,"finish_reason":%s,"token_ids":null}`, text, finish)
		}
		return fmt.Sprintf(`{"index":0,"text":"%s","logprobs":null,"finish_reason":%s,"stop_reason":null,"token_ids":null}`, text, finish)
	}
	a := answer{head: []byte("HTTP/1.1 200 OK\r\nserver: calibration\r\ncontent-type: text/event-stream; charset=utf-8\r\n" +
		"x-request-id: " + id + "\r\ntransfer-encoding: chunked\r\n\r\n")}
	if chat && o.role {
		a.role = event(frame(`{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}`) + "}")
	}
	one := string(event(frame(choice(" word", "null")) + "}"))
	a.content = []byte(strings.Repeat(one, o.batch))
	a.rest = a.content[:len(one)*(o.tokens%o.batch)]
	a.tail = event(frame(choice("", `"length"`)) + "}")
	a.tail = append(a.tail, event(frame("")+fmt.Sprintf(
		`,"usage":{"prompt_tokens":8,"total_tokens":%d,"completion_tokens":%d}}`, o.tokens+8, o.tokens))...)
	a.tail = append(a.tail, event("[DONE]")...)
	a.tail = append(a.tail, "0\r\n\r\n"...)
	return a
}

func event(data string) []byte {
	return fmt.Appendf(nil, "%x\r\ndata: %s\n\n\r\n", len(data)+8, data)
}
