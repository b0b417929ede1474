package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"firedrill/tools/k6/llm/stream"

	"github.com/grafana/sobek"
)

// maxTokenized bounds the answer: a million tokens are about 8 MiB.
const maxTokenized = 64 << 20

// tokenize is vLLM's POST /tokenize: null where the server has none. It is no
// load: no record, no samples.
func (c *Client) tokenize(call sobek.FunctionCall) (any, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	input, ok := call.Argument(0).(*sobek.Object)
	if !ok {
		return nil, errors.New("expected {prompt} or {messages} to tokenize, found neither")
	}
	body, err := input.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("what to tokenize is not JSON: %w", err)
	}
	ctx, cancel := context.WithTimeout(c.module.vu.Context(), c.limits.total)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/tokenize", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	addHeader(request, c.header)
	response, err := c.module.transport.take(c.module.vu.State()).RoundTrip(request)
	if err != nil {
		return nil, fmt.Errorf("cannot tokenize: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxTokenized))
	if err != nil {
		return nil, fmt.Errorf("cannot tokenize: %w", err)
	}
	return readTokens(response.StatusCode, text)
}

func readTokens(status int, body []byte) (any, error) {
	switch status {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return nil, nil
	default:
		return nil, fmt.Errorf("cannot tokenize: the server answered %d: %s", status, stream.ErrorText(body))
	}
	var answer struct {
		Tokens []int64 `json:"tokens"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Tokens == nil {
		return nil, fmt.Errorf("cannot tokenize: expected an answer with tokens, found %q", stream.Shorten(string(body)))
	}
	return answer.Tokens, nil
}
