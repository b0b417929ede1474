package llm

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"

	"firedrill/tools/k6/llm/rxtime"
)

// Options of the constructor; types/llm.d.ts explains them. Durations are milliseconds.
type Options struct {
	URL               string            `js:"url"`
	Headers           map[string]string `js:"headers"`
	APIKey            sobek.Value       `js:"apiKey"`
	ConnectTimeout    float64           `js:"connectTimeout"`
	FirstTokenTimeout float64           `js:"firstTokenTimeout"`
	StallTimeout      float64           `js:"stallTimeout"`
	Timeout           float64           `js:"timeout"`
	SLO               *slo              `js:"slo"`
	Spool             string            `js:"spool"`
}

const (
	defaultTimeout = time.Minute
	// A year of milliseconds. More than some of them are no time.Duration.
	longest = float64(366 * 24 * time.Hour / time.Millisecond)
)

var clientOptions = []string{
	"url", "headers", "apiKey", "connectTimeout", "firstTokenTimeout", "stallTimeout", "timeout", "slo", "spool",
}

// onlyKnown refuses what it does not know: a misspelt limit must not be none.
func onlyKnown(value sobek.Value, known ...string) error {
	object, ok := value.(*sobek.Object)
	if !ok {
		return nil
	}
	for _, key := range object.Keys() {
		if !slices.Contains(known, key) {
			return fmt.Errorf("expected no other options than %s, found %q", strings.Join(known, ", "), key)
		}
	}
	return nil
}

func (m *moduleInstance) construct(call sobek.ConstructorCall) *sobek.Object {
	rt := m.vu.Runtime()
	rxtime.Prepare()
	made, err := m.newClient(rt, call.Argument(0))
	if err != nil {
		common.Throw(rt, fmt.Errorf("llm.Client: %w", err))
	}
	for name, method := range map[string]func(sobek.FunctionCall) (any, error){
		"chat": made.chat, "completions": made.completions, "tokenize": made.tokenize,
	} {
		err := call.This.Set(name, func(call sobek.FunctionCall) sobek.Value {
			value, err := method(call)
			if err != nil {
				common.Throw(rt, fmt.Errorf("llm.Client: %w", err))
			}
			return rt.ToValue(value)
		})
		if err != nil {
			common.Throw(rt, err)
		}
	}
	return nil
}

func (m *moduleInstance) newClient(rt *sobek.Runtime, argument sobek.Value) (*Client, error) {
	var options Options
	if err := onlyKnown(argument, clientOptions...); err != nil {
		return nil, err
	}
	if err := rt.ExportTo(argument, &options); err != nil {
		return nil, err
	}
	if object, ok := argument.(*sobek.Object); ok {
		if err := onlyKnown(object.Get("slo"), "ttft", "tpot", "e2e"); err != nil {
			return nil, fmt.Errorf("slo: %w", err)
		}
	}
	if err := options.SLO.check(); err != nil {
		return nil, err
	}
	if base, err := url.Parse(options.URL); err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("expected url to be a base URL such as http://127.0.0.1:8080, found %q", options.URL)
	}
	key, err := readAPIKey(rt, options.APIKey)
	if err != nil {
		return nil, err
	}
	l, err := options.limits()
	if err != nil {
		return nil, err
	}
	// In the init context k6 also runs scripts that never get a VU: the spool is
	// opened and a secret is read with the first request.
	return &Client{
		module: m, base: strings.TrimRight(options.URL, "/"), headers: options.Headers, key: key,
		limits: l, slo: options.SLO, spoolPath: options.Spool,
	}, nil
}

func (o *Options) limits() (limits, error) {
	for name, value := range map[string]float64{
		"connectTimeout": o.ConnectTimeout, "firstTokenTimeout": o.FirstTokenTimeout,
		"stallTimeout": o.StallTimeout, "timeout": o.Timeout,
	} {
		if !(value >= 0 && value <= longest) {
			return limits{}, fmt.Errorf("expected %s to be milliseconds, at most a year, found %v", name, value)
		}
	}
	l := limits{
		connect: milliseconds(o.ConnectTimeout), firstToken: milliseconds(o.FirstTokenTimeout),
		stall: milliseconds(o.StallTimeout), total: milliseconds(o.Timeout),
	}
	if l.total == 0 {
		l.total = defaultTimeout
	}
	return l, nil
}

func milliseconds(value float64) time.Duration {
	return time.Duration(value * float64(time.Millisecond))
}
