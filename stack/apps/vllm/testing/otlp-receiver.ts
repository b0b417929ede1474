import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { z } from 'zod'

/** The part of opentelemetry-proto's trace service that a span needs, by its field numbers. */
const PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
}
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
`
const Request = protobuf.parse(PROTO).root.lookupType('ExportTraceServiceRequest')

/** From base64. */
const Hex = z.string().transform((text) => Buffer.from(text, 'base64').toString('hex'))
const KeyValues = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }))
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])))
const Decoded = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: KeyValues }),
      scopeSpans: z.array(
        z.object({
          scope: z.object({ name: z.string() }),
          spans: z.array(
            z.object({
              traceId: Hex,
              parentSpanId: Hex.optional(),
              name: z.string(),
              kind: z.number(),
              startTimeUnixNano: z.coerce.number(),
              endTimeUnixNano: z.coerce.number(),
              attributes: KeyValues,
            }),
          ),
        }),
      ),
    }),
  ),
})

export interface ReceivedSpan {
  resource: Record<string, unknown>
  scope: string
  traceId: string
  parentSpanId: string | undefined
  name: string
  kind: number
  /** Milliseconds since the epoch. */
  startedAt: number
  endedAt: number
  attributes: Record<string, unknown>
}

export interface OtlpReceiver extends AsyncDisposable {
  endpoint: string
  spans: ReceivedSpan[]
}

/** A collector's OTLP endpoint over HTTP: protobuf bodies, gzip or not. */
export const httpReceiver = async (): Promise<OtlpReceiver> => {
  const spans: ReceivedSpan[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const isOtlp = request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf'
      if (isOtlp) spans.push(...decode(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body))
      response.writeHead(isOtlp ? 200 : 400, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** The same over gRPC. */
export const grpcReceiver = async (): Promise<OtlpReceiver> => {
  const spans: ReceivedSpan[] = []
  const server = new Server()
  const raw = (bytes: Buffer): Buffer => bytes
  const method = {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  }
  server.addService(
    { Export: method },
    {
      Export: (call: { request: Buffer }, callback: (error: null, answer: Buffer) => void) => {
        spans.push(...decode(call.request))
        callback(null, Buffer.alloc(0))
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure()
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)))
  })
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    [Symbol.asyncDispose]: () => {
      server.forceShutdown()
      return Promise.resolve()
    },
  }
}

// --- Internal helpers ---

const decode = (bytes: Uint8Array): ReceivedSpan[] => {
  const object = Request.toObject(Request.decode(bytes), { longs: Number, bytes: String })
  return Decoded.parse(object).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map(({ startTimeUnixNano, endTimeUnixNano, parentSpanId, ...span }) => ({
        ...span,
        parentSpanId,
        resource: resource.attributes,
        scope: scope.name,
        startedAt: startTimeUnixNano / 1e6,
        endedAt: endTimeUnixNano / 1e6,
      })),
    ),
  )
}
