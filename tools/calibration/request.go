package main

import (
	"bytes"
	"errors"
	"strconv"
)

// request is what of an HTTP/1.1 request the server goes by.
type request struct {
	id     string
	path   string
	length int // of all its bytes
}

var (
	errIncomplete = errors.New("incomplete")
	errMalformed  = errors.New("malformed")
)

const maxRequest = 64 << 20

// parseRequest reads a request from the start of what came over a connection:
// errIncomplete while more of it is to come.
func parseRequest(in []byte) (request, error) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		if len(in) > 64<<10 {
			return request{}, errMalformed
		}
		return request{}, errIncomplete
	}
	first, headers, _ := bytes.Cut(in[:end], []byte("\r\n"))
	words := bytes.Fields(first)
	if len(words) != 3 || !bytes.HasPrefix(words[2], []byte("HTTP/1.")) {
		return request{}, errMalformed
	}
	r := request{path: string(words[1]), length: end + 4}
	for line := range bytes.SplitSeq(headers, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("x-request-id")):
			r.id = string(value)
		case bytes.EqualFold(name, []byte("content-length")):
			length, err := strconv.Atoi(string(value))
			if err != nil || length < 0 || length > maxRequest {
				return request{}, errMalformed
			}
			r.length = end + 4 + length
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			return request{}, errMalformed
		}
	}
	if len(in) < r.length {
		return r, errIncomplete
	}
	return r, nil
}
