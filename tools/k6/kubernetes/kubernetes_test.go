package kubernetes

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.k6.io/k6/v2/js/modulestest"
)

// apiServer speaks as much of the Kubernetes API as the tests need, and keeps what it was asked.
type apiServer struct {
	*httptest.Server
	requests []string
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{}
	answers := map[string]string{
		"GET /api":                         `{"kind":"APIVersions","versions":["v1"]}`,
		"GET /apis":                        `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"firedrill.dev","versions":[{"groupVersion":"firedrill.dev/v1alpha1","version":"v1alpha1"}],"preferredVersion":{"groupVersion":"firedrill.dev/v1alpha1","version":"v1alpha1"}}]}`,
		"GET /api/v1":                      `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","namespaced":true,"kind":"Pod","verbs":["get","delete"]},{"name":"nodes","namespaced":false,"kind":"Node","verbs":["delete"]}]}`,
		"GET /apis/firedrill.dev/v1alpha1": `{"kind":"APIResourceList","groupVersion":"firedrill.dev/v1alpha1","resources":[{"name":"faults","namespaced":true,"kind":"Fault","verbs":["get","create"]}]}`,
		"GET /apis/firedrill.dev/v1alpha1/namespaces/llm/faults/f": `{"apiVersion":"firedrill.dev/v1alpha1","kind":"Fault","metadata":{"name":"f"},"status":{"phase":"Active"}}`,
		"POST /apis/firedrill.dev/v1alpha1/namespaces/llm/faults":  `{"apiVersion":"firedrill.dev/v1alpha1","kind":"Fault","metadata":{"name":"f"}}`,
		"DELETE /api/v1/namespaces/llm/pods/vllm-0":                `{"kind":"Status","apiVersion":"v1","status":"Success"}`,
		"DELETE /api/v1/nodes/gpu-0":                               `{"kind":"Status","apiVersion":"v1","status":"Success"}`,
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key := r.Method + " " + r.URL.Path
		s.requests = append(s.requests, key+" "+string(body))
		w.Header().Set("Content-Type", "application/json")
		answer, known := answers[key]
		if !known {
			w.WriteHeader(404)
			answer = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not found"}`
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(s.Close)
	return s
}

// last is the body of the newest request of that method and path.
func (s *apiServer) last(prefix string) map[string]any {
	for i := len(s.requests) - 1; i >= 0; i-- {
		if body, found := strings.CutPrefix(s.requests[i], prefix+" "); found {
			parsed := map[string]any{}
			_ = json.Unmarshal([]byte(body), &parsed)
			return parsed
		}
	}
	return nil
}

func script(t *testing.T, s *apiServer) func(string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	config := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"wrong",
		"clusters":[{"name":"c","cluster":{"server":%q}},{"name":"w","cluster":{"server":"http://127.0.0.1:1"}}],
		"users":[{"name":"u","user":{}}],
		"contexts":[{"name":"right","context":{"cluster":"c","user":"u"}},{"name":"wrong","context":{"cluster":"w","user":"u"}}]}`, s.URL)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	runtime := modulestest.NewRuntime(t)
	rt := runtime.VU.Runtime()
	_ = rt.Set("Kubernetes", new(rootModule).NewModuleInstance(runtime.VU).Exports().Named["Kubernetes"])
	_ = rt.Set("path", path)
	if _, err := rt.RunString(`const kube = new Kubernetes({config_path: path, context: 'right'})`); err != nil {
		t.Fatal(err)
	}
	return func(code string) (string, error) {
		value, err := rt.RunString(code)
		if err != nil {
			return "", err
		}
		return value.String(), nil
	}
}

func TestFaultsAreCreatedAndRead(t *testing.T) {
	s := newAPIServer(t)
	run := script(t, s)
	if got, err := run(`kube.get('Fault.firedrill.dev', 'f', 'llm').status.phase`); err != nil || got != "Active" {
		t.Errorf("get: %q, %v", got, err)
	}
	fault := `({apiVersion: 'firedrill.dev/v1alpha1', kind: 'Fault', metadata: {name: 'f', namespace: 'llm'}, spec: {durationSeconds: 30}})`
	if got, err := run(`kube.create(` + fault + `).metadata.name`); err != nil || got != "f" {
		t.Errorf("create: %q, %v", got, err)
	}
	spec, _ := s.last("POST /apis/firedrill.dev/v1alpha1/namespaces/llm/faults")["spec"].(map[string]any)
	if spec["durationSeconds"] != float64(30) {
		t.Errorf("sent %v", spec)
	}
	if _, err := run(`kube.get('Fault.firedrill.dev', 'gone', 'llm')`); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("get of nothing: %v", err)
	}
}

func TestDeleteSendsItsGuards(t *testing.T) {
	s := newAPIServer(t)
	run := script(t, s)
	if _, err := run(`kube.delete('Pod', 'vllm-0', 'llm', {gracePeriodSeconds: 0, uid: 'u-1'})`); err != nil {
		t.Fatal(err)
	}
	sent := s.last("DELETE /api/v1/namespaces/llm/pods/vllm-0")
	guard, _ := sent["preconditions"].(map[string]any)
	if sent["gracePeriodSeconds"] != float64(0) || guard["uid"] != "u-1" {
		t.Errorf("sent %v", sent)
	}
	if _, err := run(`kube.delete('Pod', 'vllm-0', 'llm')`); err != nil {
		t.Error(err)
	}
	sent = s.last("DELETE /api/v1/namespaces/llm/pods/vllm-0")
	if sent["gracePeriodSeconds"] != nil || sent["preconditions"] != nil {
		t.Errorf("without options, sent %v", sent)
	}
	if _, err := run(`kube.delete('Node', 'gpu-0', '')`); err != nil {
		t.Error(err)
	}
}

func TestDeleteRefusesWhatItDoesNotKnow(t *testing.T) {
	s := newAPIServer(t)
	run := script(t, s)
	for _, options := range []string{`{UID: 'u-1'}`, `{uid: ''}`, `{uid: 7}`, `{gracePeriodSeconds: -1}`, `{gracePeriodSeconds: '0'}`} {
		if _, err := run(`kube.delete('Pod', 'vllm-0', 'llm', ` + options + `)`); err == nil {
			t.Errorf("%s: no error", options)
		}
	}
	if s.last("DELETE /api/v1/namespaces/llm/pods/vllm-0") != nil {
		t.Error("something was deleted")
	}
}
