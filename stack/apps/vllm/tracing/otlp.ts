import { setTimeout as delay } from 'node:timers/promises'
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { RequestSpan } from './request-tracer.ts'

export interface Otlp {
  emit(span: RequestSpan): void
  /** Sends what is left. */
  shutdown(): Promise<void>
}

export interface OtlpOptions {
  /** --otlp-traces-endpoint. */
  endpoint: string
  /** OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: `grpc`, vLLM's default, or `http/protobuf`. */
  protocol: string
  /** OTEL_SERVICE_NAME. */
  serviceName: string | undefined
  pid: number
}

/** vLLM's tracer (vllm/tracing/otel.py): one provider, spans sent in batches. */
export const openOtlp = ({ endpoint, protocol, serviceName, pid }: OtlpOptions): Otlp => {
  const own = resourceFromAttributes({
    'service.name': serviceName ?? 'unknown_service:python3',
    'vllm.instrumenting_module_name': 'vllm.llm_engine',
    'vllm.process_id': String(pid),
  })
  const spanProcessors = [new BatchSpanProcessor({ exporter: exporterOf(protocol, endpoint) })]
  const provider = new TracerProvider({ resource: defaultResource().merge(own), spanProcessors })
  const tracer = provider.getTracer('vllm.tracing.otel')
  const propagator = new W3CTraceContextPropagator()
  return {
    emit: ({ name, startedAt, endedAt, attributes, headers }) => {
      const context = propagator.extract(ROOT_CONTEXT, headers, GETTER)
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: startedAt, attributes }, context)
      span.end(endedAt)
    },
    // A collector that is gone keeps nobody from ending.
    shutdown: () =>
      Promise.race([provider.shutdown().catch(() => undefined), delay(SHUTDOWN_MS, undefined, { ref: false })]),
  }
}

// --- Internal helpers ---

const SHUTDOWN_MS = 5_000

const GETTER = {
  get: (carrier: RequestSpan['headers'], key: string): string | undefined =>
    key === 'traceparent' ? carrier.traceparent : key === 'tracestate' ? carrier.tracestate : undefined,
  keys: (carrier: RequestSpan['headers']): string[] => Object.keys(carrier),
}

const exporterOf = (protocol: string, endpoint: string): SpanExporter => {
  if (protocol === 'grpc') return new GrpcExporter({ url: endpoint })
  if (protocol === 'http/protobuf') return new HttpExporter({ url: endpoint })
  throw new Error(`Unsupported OTLP protocol '${protocol}' is configured`)
}
