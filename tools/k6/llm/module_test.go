package llm

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
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
	})
	if _, err := rt.RunString(`const client = new Client(options)`); err != nil {
		t.Fatal(err)
	}
	activate()
	script := `const answer = client.chat({model: 'tiny', messages: [{role: 'user', content: 'hi'}], max_tokens: 8}, {id: 'r-1'})
		JSON.stringify([answer.outcome, answer.outputTokens, answer.promptTokens, answer.error, typeof answer.ttft, stats().finished])`
	got, err := rt.RunString(script)
	if err != nil || got.String() != `["ok",8,15,null,"number",1]` {
		t.Errorf("got %v, %v", got, err)
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
	for _, name := range []string{"llm_ttft", "llm_tpot", "llm_e2e", "llm_gap_max", "http_req_duration", "http_req_waiting"} {
		if len(values[name]) != 1 {
			t.Errorf("%s: got %v", name, values[name])
		}
	}
	for name, want := range map[string][]float64{
		"llm_output_tokens": {8}, "llm_requests": {1}, "llm_in_flight": {1, 0}, "http_reqs": {1}, "http_req_failed": {0},
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
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat({})`, "init context")
	activate()
	throws(`new Client({url: 'http://127.0.0.1:1'}).chat()`, "request body")
	throws(`new Client({url: 'http://127.0.0.1:1', spool: '/no/such/folder'}).chat({})`, "spool")
}
