import type { IncomingHttpHeaders } from 'node:http'
import type { EngineRequest } from '../../../../lib/vllm/engine/types.ts'
import type { Sink } from '../driver.ts'
import type { Generation } from '../openai/request.ts'

export interface TracedRequest {
  id: string
  generation: Generation
  headers: IncomingHttpHeaders
}

/** A finished sequence, as vLLM's OutputProcessor.do_tracing tells it. */
export interface RequestSpan {
  name: 'llm_request'
  /** Milliseconds since the epoch. */
  startedAt: number
  endedAt: number
  attributes: Record<string, string | number>
  /** W3C trace context of the client, if it sent one. */
  headers: { traceparent?: string; tracestate?: string }
}

export interface RequestTracer {
  /** Sinks that end in a span: for every sequence that finished, and for none that was aborted by its client. */
  watch(sinks: readonly Sink[], traced: TracedRequest): Sink[]
}

/** `epoch` is the zero of the engine's clock, in milliseconds since the epoch. */
export const createRequestTracer = (emit: (span: RequestSpan) => void, epoch: number): RequestTracer => ({
  watch: (sinks, traced) =>
    sinks.map((sink, index) => ({
      token: sink.token,
      fail: sink.fail,
      end: (request) => {
        sink.end(request)
        emit(spanOf(request, traced, { index, epoch }))
      },
    })),
})

// --- Internal helpers ---

const SECOND = 1_000

const spanOf = (
  request: EngineRequest,
  { id, generation, headers }: TracedRequest,
  { index, epoch }: { index: number; epoch: number },
): RequestSpan => {
  const { arrivedAt, queuedAt, scheduledAt, firstTokenAt, lastTokenAt, prompt, outputTokens, maxTokens } = request
  const { sampling, kind } = generation
  const endedAt = Number.isNaN(lastTokenAt) ? queuedAt : lastTokenAt
  // A completion's prompts are requests of their own.
  const requestId = kind === 'completion' ? `${id}-${Math.floor(index / sampling.n)}` : id
  const attributes: Record<string, number> = {
    'gen_ai.latency.time_to_first_token': (firstTokenAt - arrivedAt) / SECOND,
    'gen_ai.latency.e2e': (endedAt - arrivedAt) / SECOND,
    'gen_ai.latency.time_in_queue': (scheduledAt - queuedAt) / SECOND,
    'gen_ai.usage.prompt_tokens': prompt.length,
    'gen_ai.usage.completion_tokens': outputTokens,
    'gen_ai.latency.time_in_model_prefill': (firstTokenAt - scheduledAt) / SECOND,
    'gen_ai.latency.time_in_model_decode': (lastTokenAt - firstTokenAt) / SECOND,
    'gen_ai.latency.time_in_model_inference': (lastTokenAt - scheduledAt) / SECOND,
  }
  const { traceparent, tracestate } = headers
  return {
    name: 'llm_request',
    startedAt: epoch + arrivedAt,
    endedAt: epoch + endedAt,
    attributes: {
      ...Object.fromEntries(Object.entries(attributes).filter(([, value]) => !Number.isNaN(value))),
      'gen_ai.request.id': requestId,
      'gen_ai.request.top_p': sampling.topP,
      'gen_ai.request.max_tokens': maxTokens,
      // vLLM leaves out what is zero.
      ...(sampling.temperature === 0 ? {} : { 'gen_ai.request.temperature': sampling.temperature }),
      'gen_ai.request.n': sampling.n,
    },
    headers: {
      ...(typeof traceparent === 'string' ? { traceparent } : {}),
      ...(typeof tracestate === 'string' ? { tracestate } : {}),
    },
  }
}
