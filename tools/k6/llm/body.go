package llm

import (
	"errors"
	"fmt"

	"github.com/grafana/sobek"
)

// encodeBody is the script's request body as JSON, with its keys in the
// script's order, and with what says whether the answer is to be streamed. The
// script's object stays as it is.
func encodeBody(rt *sobek.Runtime, value sobek.Value, whole bool) ([]byte, error) {
	given, ok := value.(*sobek.Object)
	if !ok {
		return nil, errors.New("expected a request body such as {model, messages, max_tokens}, found none")
	}
	if own := given.Get("stream"); !isNone(own) && own.ToBoolean() == whole {
		return nil, fmt.Errorf("expected the params to say what the body says, as in chat(body, {stream: %v}), found stream: %v", whole, !whole)
	}
	body := rt.NewObject()
	copyKeys(body, given)
	_ = body.Set("stream", !whole)
	if whole {
		_ = body.Delete("stream_options")
	} else {
		// Without it a server streams no usage; the script may add continuous_usage_stats.
		streaming := rt.NewObject()
		_ = streaming.Set("include_usage", true)
		if own, ok := given.Get("stream_options").(*sobek.Object); ok {
			copyKeys(streaming, own)
		}
		_ = body.Set("stream_options", streaming)
	}
	encoded, err := body.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("the request body is not JSON: %w", err)
	}
	return encoded, nil
}

func copyKeys(to, from *sobek.Object) {
	for _, key := range from.Keys() {
		_ = to.Set(key, from.Get(key))
	}
}
