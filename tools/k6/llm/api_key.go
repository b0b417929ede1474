package llm

import (
	"errors"
	"fmt"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/secretsource"
)

// apiKey is a plain one, or the name of a k6 secret, which k6 keeps out of its logs.
type apiKey struct {
	plain          string
	secret, source string
}

func readAPIKey(rt *sobek.Runtime, value sobek.Value) (apiKey, error) {
	if isNone(value) {
		return apiKey{}, nil
	}
	if plain, ok := value.Export().(string); ok {
		return apiKey{plain: plain}, nil
	}
	var named struct {
		Secret string `js:"secret"`
		Source string `js:"source"`
	}
	if err := rt.ExportTo(value, &named); err != nil || named.Secret == "" {
		return apiKey{}, errors.New("expected apiKey to be a string or {secret: name, source?: name}")
	}
	if named.Source == "" {
		named.Source = secretsource.DefaultSourceName
	}
	return apiKey{secret: named.Secret, source: named.Source}, nil
}

// value is empty where there is none. k6 remembers what a source said.
func (k apiKey) value(manager *secretsource.Manager) (string, error) {
	if k.secret == "" {
		return k.plain, nil
	}
	if manager == nil {
		return "", errors.New("apiKey names a secret, but k6 has no secret source; start it with --secret-source")
	}
	value, err := manager.Get(k.source, k.secret)
	if err != nil {
		return "", fmt.Errorf("cannot read the secret %q of the source %q: %w", k.secret, k.source, err)
	}
	return value, nil
}

func isNone(value sobek.Value) bool {
	return value == nil || sobek.IsUndefined(value) || sobek.IsNull(value)
}
