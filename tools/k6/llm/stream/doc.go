// Package stream reads what OpenAI-compatible servers stream: server-sent
// events, and what each of them means for a measurement. It depends on nothing.
package stream
