package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"go.k6.io/k6/v2/js/common"

	"firedrill/tools/k6/llm/arrivals"
)

// arrivalsOptions are those of the constructor; their JSON is the key under
// which virtual users share a schedule.
type arrivalsOptions struct {
	Seed       *float64       `json:"seed"`
	Process    string         `json:"process"`
	Burstiness *float64       `json:"burstiness"`
	Stages     []arrivalStage `json:"stages"`

	Trace string   `json:"trace"`
	Speed *float64 `json:"speed"`
	Over  *float64 `json:"over"`

	Lead float64 `json:"lead"`
}

type arrivalStage struct {
	To   *float64 `json:"to"`
	Over *float64 `json:"over"`
}

// mostLead keeps users from waiting with a request in their hands.
const mostLead = 1_000

const arrivalsShape = "{seed, process, burstiness?, stages: {to, over}[], lead?} or {trace, speed?, over?, lead?}"

// parseArrivalsOptions refuses what it does not know: a misspelt option must
// not turn into another load.
func parseArrivalsOptions(exported any) (arrivalsOptions, error) {
	var options arrivalsOptions
	text, err := json.Marshal(exported)
	if err != nil || len(text) == 0 || text[0] != '{' {
		return options, fmt.Errorf("expected options %s, found %v", arrivalsShape, exported)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&options); err != nil {
		return options, fmt.Errorf("expected options %s, found %s: %w", arrivalsShape, text, err)
	}
	fromTrace := options.Trace != "" || options.Speed != nil || options.Over != nil
	fromProcess := options.Process != "" || options.Seed != nil || options.Burstiness != nil || options.Stages != nil
	if fromTrace == fromProcess || (fromTrace && options.Trace == "") {
		return options, fmt.Errorf("expected options %s, found %s", arrivalsShape, text)
	}
	if !(options.Lead >= 0 && options.Lead <= mostLead) {
		return options, fmt.Errorf("expected lead to be milliseconds from 0 to %d, found %v", mostLead, options.Lead)
	}
	return options, nil
}

// key also makes a trace's path absolute.
func (o *arrivalsOptions) key(env *common.InitEnvironment) string {
	if o.Trace != "" && env != nil {
		o.Trace = env.GetAbsFilePath(o.Trace)
	}
	text, _ := json.Marshal(o) // was read from JSON
	return string(text)
}

func (o *arrivalsOptions) plan(env *common.InitEnvironment) (arrivals.Plan, error) {
	if o.Trace != "" {
		return o.readTrace(env)
	}
	const exact = 1 << 53
	if o.Seed == nil || *o.Seed != math.Trunc(*o.Seed) || math.Abs(*o.Seed) > exact {
		return nil, fmt.Errorf("expected seed to be a whole number, found %s", number(o.Seed))
	}
	stages := make([]arrivals.Stage, len(o.Stages))
	for i, s := range o.Stages {
		if s.To == nil || s.Over == nil || !(*s.Over >= 0 && *s.Over <= longest) {
			return nil, fmt.Errorf("stage %d: expected {to: requests per second, over: milliseconds from 0}, found {to: %s, over: %s}",
				i+1, number(s.To), number(s.Over))
		}
		stages[i] = arrivals.Stage{To: *s.To, Over: milliseconds(*s.Over)}
	}
	profile, err := arrivals.NewProfile(stages)
	if err != nil {
		return nil, err
	}
	return arrivals.NewProcess(o.Process, o.Burstiness, profile, uint64(int64(*o.Seed)))
}

// readTrace goes through k6's own file system, so that `k6 archive` takes the
// trace along.
func (o *arrivalsOptions) readTrace(env *common.InitEnvironment) (arrivals.Plan, error) {
	if env == nil {
		return nil, errors.New("a trace can only be read in the init context: construct Arrivals at the top of the script")
	}
	speed := 1.0
	if o.Speed != nil {
		speed = *o.Speed
	}
	files := env.FileSystems["file"]
	if files == nil {
		return nil, errors.New("k6 gave no file system to read the trace from")
	}
	file, err := files.Open(o.Trace)
	if err != nil {
		return nil, fmt.Errorf("cannot open the trace: %w", err)
	}
	defer func() { _ = file.Close() }()
	trace, err := arrivals.ReadTrace(file, speed)
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", o.Trace, err)
	}
	if o.Over != nil {
		if !(*o.Over > 0 && *o.Over <= longest) {
			return nil, fmt.Errorf("expected over to be milliseconds above 0, found %v", *o.Over)
		}
		trace.End(milliseconds(*o.Over))
	}
	return trace, nil
}

func number(value *float64) string {
	if value == nil {
		return "none"
	}
	return fmt.Sprint(*value)
}
