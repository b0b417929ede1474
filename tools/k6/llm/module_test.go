package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
	"go.k6.io/k6/v2/secretsource"
)

// vu is a virtual user with the module's exports as globals, still in the init context.
func vu(t *testing.T) (*modulestest.Runtime, func(), chan metrics.SampleContainer) {
	t.Helper()
	runtime := modulestest.NewRuntime(t)
	registry := runtime.VU.InitEnvField.Registry
	exports := new(rootModule).NewModuleInstance(runtime.VU).Exports()
	for name, value := range exports.Named {
		if err := runtime.VU.Runtime().Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	samples := make(chan metrics.SampleContainer, 100)
	activate := func() {
		runtime.MoveToVUContext(&lib.State{
			BuiltinMetrics: runtime.BuiltinMetrics,
			Tags:           lib.NewVUStateTags(registry.RootTagSet()),
			Transport:      http.DefaultTransport,
			Options:        lib.Options{SystemTags: metrics.NewSystemTagSet(metrics.TagStatus)},
			Samples:        samples,
			VUID:           7,
			Iteration:      3,
		})
	}
	return runtime, activate, samples
}

func TestAScriptAsksAndItsNumbersArrive(t *testing.T) {
	body := recording(t, "chat-stream.sse")
	var asked map[string]any
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer x" {
			t.Errorf("got %s with %v", r.URL.Path, r.Header)
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()

	runtime, activate, samples := vu(t)
	rt := runtime.VU.Runtime()
	spool := t.TempDir() + "/requests.jsonl"
	_ = rt.Set("options", map[string]any{
		"url": s.URL + "/", "spool": spool, "headers": map[string]any{"Authorization": "Bearer x"}, "timeout": 5000,
		"slo": map[string]any{"ttft": 4000, "e2e": 5000},
	})
	if _, err := rt.RunString(`const client = new Client(options)`); err != nil {
		t.Fatal(err)
	}
	activate()
	script := `const body = {model: 'tiny', messages: [{role: 'user', content: 'hi'}], max_tokens: 8, stop: undefined}
		const answer = client.chat(body, {id: 'r-1', arrival: {index: 5, intended: 1000.5}, text: true})
		JSON.stringify([answer.outcome, answer.outputTokens, answer.promptTokens, answer.error, typeof answer.ttft, answer.text,
			answer.arrival, answer.intended, answer.reused, answer.gaps.reduce((sum, [, count]) => sum + count, 0),
			stats().inFlight, stats().finished, Object.keys(body).length, Object.keys(answer).length, client instanceof Client])`
	got, err := rt.RunString(script)
	want := `["ok",8,15,null,"number","chTells othercach forksores",5,1000.5,false,6,0,1,4,33,true]`
	if err != nil || got.String() != want {
		t.Errorf("got %v, %v", got, err)
	}
	if options, _ := asked["stream_options"].(map[string]any); options["include_usage"] != true || len(asked) != 5 {
		t.Errorf("asked %v", asked)
	}
	if asked["stream"] != true || asked["max_tokens"] != float64(8) || asked["model"] != "tiny" {
		t.Errorf("asked %v", asked)
	}

	line, err := os.ReadFile(spool)
	if err != nil {
		t.Fatal(err)
	}
	var stored map[string]any
	if err := json.Unmarshal(line, &stored); err != nil || stored["id"] != "r-1" || stored["vu"] != float64(7) || stored["iteration"] != float64(3) {
		t.Errorf("spool %s, %v", line, err)
	}

	values := map[string][]float64{}
	for _, container := range metrics.GetBufferedSamples(samples) {
		for _, sample := range container.GetSamples() {
			name := sample.Metric.Name
			values[name] = append(values[name], sample.Value)
			if outcome, _ := sample.Tags.Get("outcome"); (name == "llm_requests") != (outcome == "ok") {
				t.Errorf("%s has the outcome %q", name, outcome)
			}
		}
	}
	for _, name := range []string{"llm_ttft", "llm_tpot", "llm_e2e", "llm_gap_max", "llm_gap_p99", "http_req_duration", "http_req_waiting"} {
		if len(values[name]) != 1 {
			t.Errorf("%s: got %v", name, values[name])
		}
	}
	for name, want := range map[string][]float64{
		// Intended long ago: the user waited far too long.
		"llm_output_tokens": {8}, "llm_requests": {1}, "llm_goodput": {0}, "http_reqs": {1}, "http_req_failed": {0},
	} {
		if len(values[name]) != len(want) || values[name][len(want)-1] != want[len(want)-1] {
			t.Errorf("%s: got %v, want %v", name, values[name], want)
		}
	}
}

func TestWrongCallsThrow(t *testing.T) {
	runtime, activate, _ := vu(t)
	rt := runtime.VU.Runtime()
	throws := func(script, says string) {
		t.Helper()
		if _, err := rt.RunString(script); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q in it", script, err, says)
		}
	}
	throws(`new Client({url: 'gateway'})`, "base URL")
	throws(`new Client({url: 'http://'})`, "base URL")
	throws(`new Client({url: 'http://[::1'})`, "base URL")
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({})`, "init context")
	throws(`new Client({url: 'http://127.0.0.1:1'}).tokenize({})`, "init context")
	throws(`new Client({url: 'http://127.0.0.1:1', stallTimeout: -1})`, "stallTimeout")
	throws(`new Client({url: 'http://127.0.0.1:1', timeout: NaN})`, "timeout")
	throws(`new Client({url: 'http://127.0.0.1:1', timeout: Infinity})`, "at most a year")
	throws(`new Client({url: 'http://127.0.0.1:1', timeout: 1e13})`, "at most a year")
	throws(`new Client({url: 'http://127.0.0.1:1', stallTimout: 1})`, `found "stallTimout"`)
	throws(`new Client({url: 'http://127.0.0.1:1', slo: {ttf: 1}})`, `slo: expected no other options than ttft, tpot, e2e, found "ttf"`)
	throws(`new Client({url: 'http://127.0.0.1:1', slo: {ttft: '2s'}})`, "expected slo.ttft to be milliseconds, found NaN")
	throws(`new Client({url: 'http://127.0.0.1:1', apiKey: {}})`, "apiKey")
	activate()
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat()`, "request body")
	throws(`new Client({url: 'http://127.0.0.1:1'}).tokenize()`, "prompt")
	throws(`new Client({url: 'http://127.0.0.1:1'}).tokenize({prompt: 'a'})`, "refused")
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({}, {cancel: {afterTokens: 0}})`, "afterTokens")
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({stream: false})`, "as in chat(body, {stream: false}), found stream: true")
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({stream: true}, {stream: false})`, "as in chat(body, {stream: true}), found stream: false")
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({}, {cancel: {afterMs: Infinity}})`, "at most a year")
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({}, {cancel: {afterToken: 1}})`, `cancel: expected no other options than afterTokens, afterMs, found "afterToken"`)
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({}, {streaming: false})`, `found "streaming"`)
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({}, {arrival: {}})`, "Arrivals.next()")
	throws(`new Client({url: 'http://127.0.0.1:1', apiKey: {secret: 'key'}}).chat({})`, "--secret-source")
	throws(`new Client({url: 'http://127.0.0.1:1', spool: '/no/such/folder'}).chat({})`, "spool")
}

func TestOptionsThatAreNotSetAreNotGiven(t *testing.T) {
	runtime, _, _ := vu(t)
	if _, err := runtime.VU.Runtime().RunString(`new Client({url: 'http://127.0.0.1:1', headers: undefined, apiKey: undefined,
		connectTimeout: undefined, firstTokenTimeout: undefined, stallTimeout: undefined, timeout: undefined,
		slo: {ttft: undefined, tpot: 100}, spool: undefined})
		new Client({url: 'http://127.0.0.1:1', slo: undefined})`); err != nil {
		t.Error(err)
	}
}

// calls runs a script in a virtual user whose client is of a server that answers with handle.
func calls(t *testing.T, script string, handle http.HandlerFunc) (string, error) {
	t.Helper()
	s := httptest.NewServer(handle)
	defer s.Close()
	runtime, activate, _ := vu(t)
	rt := runtime.VU.Runtime()
	_ = rt.Set("url", s.URL)
	activate()
	got, err := rt.RunString(script)
	if err != nil {
		return "", err
	}
	return got.String(), nil
}

func TestOptionsOfAStreamAreTheScripts(t *testing.T) {
	got, err := calls(t, `const answer = new Client({url}).completions(
			{prompt: [1, 2], stream_options: {continuous_usage_stats: true}}, {cancel: {afterTokens: 2}})
		JSON.stringify([answer.outcome, answer.chunks, answer.outputTokens, answer.promptTokens])`,
		func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			want := `{"prompt":[1,2],"stream_options":{"include_usage":true,"continuous_usage_stats":true},"stream":true}`
			if string(body) != want || r.URL.Path != "/v1/completions" || r.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s got %s, want %s (%v)", r.URL.Path, body, want, r.Header)
			}
			w.Header().Set("Content-Type", "text/event-stream")
			for at := range 5 {
				fmt.Fprintf(w, `data: {"choices":[{"text":"a"}],"usage":{"prompt_tokens":2,"completion_tokens":%d}}`+"\n\n", (at+1)*3)
			}
		})
	if err != nil || got != `["cancelled",2,6,2]` {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAWholeAnswerHasTokensAndNoFirsts(t *testing.T) {
	got, err := calls(t, `const answer = new Client({url, slo: {e2e: 5000, tpot: 10}}).chat(
			{messages: [], stream_options: {}}, {stream: false, text: true})
		JSON.stringify([answer.outcome, answer.text, answer.ttft, answer.firstEvent, answer.chunks, answer.outputTokens,
			answer.promptTokens, answer.cachedTokens, answer.tokensFrom, answer.finishReason, answer.e2e > 0, answer.gaps])`,
		func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if string(body) != `{"messages":[],"stream":false}` {
				t.Errorf("got %s", body)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, wholeAnswer)
		})
	if err != nil || got != `["ok","ab",null,null,0,2,3,1,"usage","stop",true,[]]` {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestTokenize(t *testing.T) {
	answers := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			asked, _ := io.ReadAll(r.Body)
			if r.URL.Path != "/tokenize" || string(asked) != `{"prompt":"a b"}` || r.Header.Get("Authorization") != "Bearer k" {
				t.Errorf("%s got %s", r.URL.Path, asked)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	const script = `const tokens = new Client({url, apiKey: 'k'}).tokenize({prompt: 'a b'})
		JSON.stringify([tokens, Array.isArray(tokens), tokens?.slice(1), stats().started])`
	for _, test := range []struct {
		status           int
		body, want, says string
	}{
		{200, `{"count":2,"max_model_len":9,"tokens":[5,7]}`, `[[5,7],true,[7],0]`, ""},
		{200, `{"tokens":[]}`, `[[],true,[],0]`, ""},
		{404, `{"detail":"Not Found"}`, `[null,false,null,0]`, ""},
		{200, `<html>`, "", "<html>"},
		{500, `{"error":{"message":"no tokenizer"}}`, "", "no tokenizer"},
	} {
		got, err := calls(t, script, answers(test.status, test.body))
		if got != test.want || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%d %s: got %s, %v", test.status, test.body, got, err)
		}
	}
}

type secrets map[string]string

func (s *secrets) Description() string { return "for a test" }

func (s *secrets) Get(key string) (string, error) {
	if value, ok := (*s)[key]; ok {
		return value, nil
	}
	return "", errors.New("no such secret")
}

func TestAnAPIKeyMayBeASecret(t *testing.T) {
	source := &secrets{"token": "s-1"}
	manager, _, err := secretsource.NewManager(map[string]secretsource.Source{"default": source, "vault": source})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ options, want, says string }{
		{`{apiKey: 'plain'}`, "Bearer plain", ""},
		{`{apiKey: {secret: 'token'}}`, "Bearer s-1", ""},
		{`{apiKey: {secret: 'token', source: 'vault'}}`, "Bearer s-1", ""},
		{`{apiKey: null}`, "", ""},
		{`{apiKey: 'plain', headers: {Authorization: 'Basic x'}}`, "Basic x", ""},
		{`{apiKey: 'plain', headers: {authorization: 'Basic x'}}`, "Basic x", ""},
		{`{apiKey: {secret: 'other'}}`, "", "no such secret"},
		{`{apiKey: {secret: 'token', source: 'none'}}`, "", `"none"`},
	}
	for _, test := range tests {
		got := ""
		s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
		runtime, activate, _ := vu(t)
		instance := new(rootModule).NewModuleInstance(runtime.VU).(*moduleInstance)
		instance.secrets = manager
		rt := runtime.VU.Runtime()
		_, _ = rt.Set("Client", instance.construct), rt.Set("url", s.URL)
		activate()
		_, err := rt.RunString(`new Client({url, ...` + test.options + `}).chat({})`)
		if got != test.want || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %q, %v", test.options, got, err)
		}
		s.Close()
	}
}
