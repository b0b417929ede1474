package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

// session writes frames as the caller does and gives back the answers in order.
type session struct{ bytes.Buffer }

func (s *session) frame(kind byte, payload []byte) {
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(payload)+1))
	s.Write(length[:])
	s.WriteByte(kind)
	s.Write(payload)
}

func (s *session) json(kind byte, value any) {
	payload, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	s.frame(kind, payload)
}

func (s *session) name(number uint32, pairs ...string) {
	payload := binary.LittleEndian.AppendUint32(nil, 1)
	payload = binary.LittleEndian.AppendUint32(payload, number)
	payload = binary.LittleEndian.AppendUint16(payload, uint16(len(pairs)/2))
	for _, text := range pairs {
		payload = binary.LittleEndian.AppendUint16(payload, uint16(len(text)))
		payload = append(payload, text...)
	}
	s.frame(frameSeries, payload)
}

func (s *session) scrape(at int64, number uint32, value float64) {
	payload := binary.LittleEndian.AppendUint64(nil, uint64(at))
	payload = binary.LittleEndian.AppendUint32(payload, 1)
	payload = binary.LittleEndian.AppendUint32(payload, number)
	s.frame(frameSamples, binary.LittleEndian.AppendUint64(payload, math.Float64bits(value)))
}

func (s *session) stale(at int64, number uint32) {
	payload := binary.LittleEndian.AppendUint64(nil, uint64(at))
	payload = binary.LittleEndian.AppendUint32(payload, 1)
	s.frame(frameStale, binary.LittleEndian.AppendUint32(payload, number))
}

func (s *session) evaluate(until int64) {
	s.frame(frameEvaluate, binary.LittleEndian.AppendUint64(nil, uint64(until)))
}

// sorted gives JSON with the series of an answer in an order of their own: maps have none.
func sorted(t *testing.T, text string) string {
	t.Helper()
	var answer struct {
		Result []json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if answer.Result == nil {
		return text
	}
	series := make([]string, 0, len(answer.Result))
	for _, one := range answer.Result {
		series = append(series, string(one))
	}
	slices.Sort(series)
	return strings.Join(series, "\n")
}

func (s *session) query(expr string, at int64) {
	s.json(frameAsk, askRequest{Kind: "query", Expr: expr, At: at})
}

// answers serves all frames; an error's text begins with "error: ".
func (s *session) answers(t *testing.T) []string {
	t.Helper()
	var output bytes.Buffer
	if err := serve(&s.Buffer, &output); err != nil {
		t.Fatal(err)
	}
	var found []string
	frames := &frameReader{input: bufio.NewReader(&output)}
	for {
		status, text, err := frames.next()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if status == 1 {
			text = append([]byte("error: "), text...)
		}
		found = append(found, string(text))
	}
}

const downRule = `
groups:
  - name: down
    rules:
      - alert: Down
        expr: up == 0
        for: 4s
        annotations: { summary: '{{ $labels.pod }}' }
`

// start is a whole second far from zero, as the caller's times are.
const start = int64(1_800_000_000_000)

func opened(s *session, rules string) {
	s.json(frameOpen, openRequest{
		Rules: map[string]string{"/rules/a.yaml": rules}, EvaluationIntervalMs: 2_000, From: start, Aligned: true,
	})
}

func TestAlertFiresAfterFor(t *testing.T) {
	var s session
	opened(&s, downRule)
	s.name(0, "__name__", "up", "pod", "x")
	for second := int64(1); second < 20; second += 2 {
		s.scrape(start+second*1_000, 0, map[bool]float64{true: 1, false: 0}[second < 7])
		s.evaluate(start + second*1_000 + 1_000)
	}
	s.query(`ALERTS[1m]`, start+20_000)
	s.json(frameAsk, askRequest{Kind: "conditions", NameLabel: "n", GroupLabel: "g"})
	answers := s.answers(t)
	want := `{"resultType":"matrix","result":[` +
		`{"metric":{"__name__":"ALERTS","alertname":"Down","alertstate":"firing","pod":"x"},"values":[` +
		`[1800000012,"1"],[1800000014,"1"],[1800000016,"1"],[1800000018,"1"],[1800000020,"1"]]},` +
		`{"metric":{"__name__":"ALERTS","alertname":"Down","alertstate":"pending","pod":"x"},"values":[` +
		`[1800000008,"1"],[1800000010,"1"]]}]}`
	if answers[1] != want {
		t.Errorf("alerts:\n got %s\nwant %s", answers[1], want)
	}
	held := `{"resultType":"matrix","result":[{"metric":{"__name__":"up","g":"down","n":"Down","pod":"x"},"values":[` +
		`[1800000008,"0"],[1800000010,"0"],[1800000012,"0"],[1800000014,"0"],[1800000016,"0"],[1800000018,"0"],[1800000020,"0"]]}]}`
	if answers[2] != held {
		t.Errorf("conditions:\n got %s\nwant %s", answers[2], held)
	}
}

func TestStaleSeriesIsGoneAtOnce(t *testing.T) {
	var s session
	opened(&s, downRule)
	s.name(0, "__name__", "a")
	s.scrape(start+1_000, 0, 3)
	s.stale(start+3_000, 0)
	s.query("a", start+2_999)
	s.query("a", start+3_000)
	answers := s.answers(t)
	if !strings.Contains(answers[1], `"3"`) || answers[2] != `{"resultType":"vector","result":[]}` {
		t.Errorf("got %s and %s", answers[1], answers[2])
	}
}

func TestIncidentsKnowNothingOfEachOther(t *testing.T) {
	var s session
	opened(&s, downRule)
	s.name(0, "__name__", "a")
	s.scrape(start+1_000, 0, 3)
	opened(&s, downRule)
	s.query("a", start+2_000)
	s.name(0, "__name__", "b")
	// Earlier than what the first incident had seen.
	s.scrape(start+500, 0, 5)
	s.query(`{__name__=~".+"}`, start+2_000)
	answers := s.answers(t)
	if answers[2] != `{"resultType":"vector","result":[]}` {
		t.Errorf("got %s", answers[2])
	}
	if want := `{"resultType":"vector","result":[{"metric":{"__name__":"b"},"value":[1800000002,"5"]}]}`; answers[3] != want {
		t.Errorf("got %s, want %s", answers[3], want)
	}
}

const chainedRules = `
groups:
  - name: chained
    rules:
      - record: up:count
        expr: count(up)
        labels: { of: '1' }
      - alert: Counted
        expr: up:count == 1
`

func TestRulesReadWhatRulesRecord(t *testing.T) {
	var s session
	opened(&s, chainedRules)
	s.name(0, "__name__", "up")
	s.scrape(start+1_000, 0, 1)
	s.evaluate(start + 9_000)
	s.query("up:count", start+9_000)
	s.query("count_over_time(ALERTS[10s])", start+9_000)
	recorded := `{"resultType":"vector","result":[{"metric":{"__name__":"up:count","of":"1"},"value":[1800000009,"1"]}]}`
	want := `{"resultType":"vector","result":[` +
		`{"metric":{"alertname":"Counted","alertstate":"firing","of":"1"},"value":[1800000009,"4"]}]}`
	if answers := s.answers(t); answers[1] != recorded || answers[2] != want {
		t.Errorf("got %s and %s, want %s and %s", answers[1], answers[2], recorded, want)
	}
}

func TestRulesBeginAnewWithEachIncident(t *testing.T) {
	var s session
	opened(&s, downRule)
	s.name(0, "__name__", "up", "pod", "x")
	s.scrape(start+1_000, 0, 0)
	s.evaluate(start + 10_000)
	s.json(frameAsk, askRequest{Kind: "rules"})
	opened(&s, downRule)
	opened(&s, strings.ReplaceAll(downRule, "Down", "Away"))
	answers := s.answers(t)
	if !strings.Contains(answers[1], `"state":"firing"`) {
		t.Errorf("got %s, want an alert that fires", answers[1])
	}
	if answers[2] != answers[0] {
		t.Errorf("got %s\nwant %s", answers[2], answers[0])
	}
	if want := strings.ReplaceAll(answers[0], "Down", "Away"); answers[3] != want {
		t.Errorf("got %s\nwant %s", answers[3], want)
	}
}

func TestSamplesThatComeTooLateAreDropped(t *testing.T) {
	const count = 1_000
	var s session
	opened(&s, downRule)
	s.name(0, "__name__", "a")
	for at := range int64(count) {
		s.scrape(start+at, 0, 1)
	}
	s.scrape(start+10, 0, 2)
	s.stale(start+count/2, 0)
	s.scrape(start+count-1, 0, 3)
	s.query("count_over_time(a[1m]) + max_over_time(a[1m])", start+10_000)
	answers := s.answers(t)
	if last := answers[len(answers)-1]; !strings.Contains(last, fmt.Sprintf("%q", fmt.Sprint(count+1))) {
		t.Errorf("got %s, want %d samples of 1", last, count)
	}
}

func TestGroupsAreEvaluatedAtTheirOwnOffset(t *testing.T) {
	var s session
	s.json(frameOpen, openRequest{
		Rules: map[string]string{"/rules/a.yaml": downRule}, EvaluationIntervalMs: 2_000, From: start,
	})
	s.evaluate(start + 2_000)
	s.json(frameAsk, askRequest{Kind: "rules"})
	var groups struct {
		Groups []groupJSON `json:"groups"`
	}
	if err := json.Unmarshal([]byte(s.answers(t)[1]), &groups); err != nil {
		t.Fatal(err)
	}
	at := groups.Groups[0].LastEvaluation.UnixMilli()
	if at <= start || at > start+2_000 || at%1_000 == 0 {
		t.Errorf("evaluated at %d, expected an odd time in the two seconds after %d", at, start)
	}
	if rule := groups.Groups[0].Rules[0]; rule.Health != "ok" || rule.Duration != 4 || rule.Name != "Down" {
		t.Errorf("got %+v", rule)
	}
}

func TestWhatIsWrongIsTold(t *testing.T) {
	tests := map[string]struct {
		frames func(s *session)
		want   string
	}{
		"no incident":      {func(s *session) { s.query("a", start) }, "expected an incident"},
		"broken rules":     {func(s *session) { opened(s, "groups: [{name: x, rules: [{alert: y, expr: 'sum('}]}]") }, "/rules/a.yaml"},
		"no interval":      {func(s *session) { s.json(frameOpen, openRequest{From: start}) }, "evaluation interval"},
		"number left out":  {func(s *session) { opened(s, downRule); s.name(1, "__name__", "a"); s.query("a", start) }, "number 0"},
		"unknown number":   {func(s *session) { opened(s, downRule); s.scrape(start, 9, 1); s.query("a", start) }, "number 9"},
		"unknown frame":    {func(s *session) { opened(s, downRule); s.frame('?', nil); s.query("a", start) }, "kind of frame"},
		"short frame":      {func(s *session) { opened(s, downRule); s.frame(frameStale, []byte{1}); s.query("a", start) }, "not as long"},
		"unknown question": {func(s *session) { opened(s, downRule); s.json(frameAsk, askRequest{Kind: "x"}) }, "kind of question"},
		"wrong expression": {func(s *session) { opened(s, downRule); s.query("sum(", start) }, "unclosed left parenthesis"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var s session
			test.frames(&s)
			answers := s.answers(t)
			last := answers[len(answers)-1]
			if !strings.HasPrefix(last, "error: ") || !strings.Contains(last, test.want) {
				t.Errorf("got %q, want an error with %q", last, test.want)
			}
		})
	}
}
