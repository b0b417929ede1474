import type { ServeArguments } from '../arguments.ts'
import type { EmulatorEnv } from '../settings.ts'
import { createRequestTracer, type RequestTracer } from './request-tracer.ts'

export interface Tracing {
  tracer: RequestTracer
  shutdown(): Promise<void>
}

/** Null without --otlp-traces-endpoint. OpenTelemetry is only loaded where it is used: it would take some MiB of every pod. */
export const openTracing = async (
  { otlpTracesEndpoint: endpoint }: ServeArguments,
  env: EmulatorEnv,
  pid: number,
): Promise<Tracing | null> => {
  if (endpoint === null) return null
  const { openOtlp } = await import('./otlp.ts')
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL
  const { emit, shutdown } = openOtlp({ endpoint, protocol, serviceName: env.OTEL_SERVICE_NAME, pid })
  return { tracer: createRequestTracer(emit, performance.timeOrigin), shutdown }
}
