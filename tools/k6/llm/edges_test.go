package llm

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gopkg.in/guregu/null.v3"
)

func TestHeadersAreTheUsersButTheIdIsTheRecords(t *testing.T) {
	var host, agent, id string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, agent, id = r.Host, r.UserAgent(), r.Header.Get("X-Request-Id")
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(text + "data: [DONE]\n\n"))
	}))
	defer s.Close()
	runtime, activate, _ := vu(t)
	_ = runtime.VU.Runtime().Set("url", s.URL)
	activate()
	runtime.VU.StateField.Options.UserAgent = null.StringFrom("load/1")
	got, err := runtime.VU.Runtime().RunString(`
		new Client({url, headers: {Host: 'llm.example.com', 'x-request-id': 'theirs'}}).chat({}, {id: 'mine'}).id`)
	if err != nil || got.String() != "mine" || id != "mine" || host != "llm.example.com" || agent != "load/1" {
		t.Errorf("record %v, %v; the server saw id %q, host %q, agent %q", got, err, id, host, agent)
	}
	if _, err := runtime.VU.Runtime().RunString(`new Client({url}).chat({}, {id: 'a\nb'})`); err == nil ||
		!strings.Contains(err.Error(), "control characters") {
		t.Errorf("an id of two lines: got %v", err)
	}
}

func TestWhatAnAnswerEndsWith(t *testing.T) {
	t.Parallel()
	const (
		finish = `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"
		none   = `data: {"choices":[{"delta":{"role":"assistant"}}],"usage":{"prompt_tokens":3,"completion_tokens":0}}` + "\n\n"
	)
	flood := strings.Repeat(strings.Replace(text, `"a"`, `"`+strings.Repeat("a", 64<<10)+`"`, 1), 129)
	for name, test := range map[string]struct {
		body, outcome string
		wantText      bool
		tokens        int
		from          string
	}{
		"a giant line behind the end":   {text + finish + "data: [DONE]\n\ndata: " + strings.Repeat("x", 9<<20), outcomeOK, false, 1, "chunks"},
		"a usage before any content":    {none + text + text + finish + "data: [DONE]\n\n", outcomeOK, false, 2, "chunks"},
		"more text than anybody keeps":  {flood + finish + "data: [DONE]\n\n", outcomeDecode, true, 129, "chunks"},
		"as much text that nobody asks": {flood + finish + "data: [DONE]\n\n", outcomeOK, false, 129, "chunks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server(t, func(_ http.ResponseWriter, flush func(string), _ *http.Request) { flush(test.body) })
			x := exchangeWith(s.URL)
			x.wantText = test.wantText
			line := ended(t, x)
			if line.Outcome != test.outcome || line.OutputTokens > test.tokens || line.TokensFrom != test.from {
				t.Errorf("got %s (%v), %d tokens from %s", line.Outcome, line.Error, line.OutputTokens, line.TokensFrom)
			}
		})
	}
}
