package llm

import (
	"math/rand/v2"
	"net/http"
	"testing"
)

// golden is what a recording holds, counted by hand.
type golden struct {
	prompt, cached, output, chunks int // cached −1: not said
	finish, text                   string
	reasons                        bool // thinks before it answers
}

// However the packets are cut, exactly the recorded tokens, finish reasons and counts come out.
func TestRecordingsGiveTheirTokens(t *testing.T) {
	recorded := map[string]golden{
		"chat-stream.sse":              {15, -1, 8, 7, "length", "chTells othercach forksores", false},
		"completions-stream.sse":       {4, -1, 4, 3, "length", "calagesows", false},
		"written/reasoning-stream.sse": {12, 8, 7, 5, "stop", "4.", true},
		"written/tools-stream.sse":     {30, 0, 9, 4, "tool_calls", "", false},
	}
	for name, want := range recorded {
		body := recording(t, name)
		for seed := range uint64(30) {
			random := rand.New(rand.NewPCG(seed, 7))
			s := server(t, func(w http.ResponseWriter, flush func(string), r *http.Request) {
				w.Header().Set("X-Upstream", "vllm-0")
				for rest := body; rest != ""; {
					cut := min(len(rest), 1+random.IntN(400))
					flush(rest[:cut])
					rest = rest[cut:]
				}
			})
			x := exchangeWith(s.URL)
			x.wantText = seed%2 == 1
			line := ended(t, x)
			got := golden{0, -1, line.OutputTokens, line.Chunks, value(line.FinishReason), want.text, want.reasons}
			if line.PromptTokens != nil {
				got.prompt = *line.PromptTokens
			}
			if line.CachedTokens != nil {
				got.cached = *line.CachedTokens
			}
			if x.wantText {
				got.text = x.text.String()
			}
			// The thought and the answer may come in one packet.
			if line.TTFT == nil || line.FirstAnswer == nil || *line.FirstAnswer > *line.TTFT && !want.reasons {
				t.Errorf("%s: first content %v, first answer %v", name, line.TTFT, line.FirstAnswer)
			}
			if line.Outcome != outcomeOK || line.TokensFrom != "usage" || value(line.Replica) != "vllm-0" || got != want {
				t.Fatalf("%s, seed %d: got %+v, want %+v (%+v)", name, seed, got, want, line)
			}
			s.Close()
		}
	}
}
