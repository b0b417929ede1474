import { describe, expect, test } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import { grpcReceiver, httpReceiver, type OtlpReceiver } from '../testing/otlp-receiver.ts'
import { PROCESS_TIMEOUT_MS, startVllm } from '../testing/process.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

describe('spans of requests', { timeout: PROCESS_TIMEOUT_MS }, () => {
  test.each([
    ['http/protobuf', httpReceiver, { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }],
    ['grpc, vLLM’s default', grpcReceiver, {}],
  ])('over %s', async (_, open: () => Promise<OtlpReceiver>, env) => {
    await using receiver = await open()
    await using vllm = await startVllm(['--otlp-traces-endpoint', receiver.endpoint], {
      OTEL_SERVICE_NAME: 'vllm-test',
      ...env,
    })
    await vllm.ready()
    const before = Date.now()
    const headers = {
      'content-type': 'application/json',
      traceparent: `00-${TRACE}-${PARENT}-01`,
      'x-request-id': 'r1',
    }
    const body = JSON.stringify({ prompt: 'x'.repeat(40), max_tokens: 5, ignore_eos: true, temperature: 0.5 })
    await (await fetch(`${vllm.url}/v1/completions`, { method: 'POST', headers, body })).text()
    await (await vllm.ask({ max_tokens: 2, temperature: 0, stream: true })).text()
    // What is left is sent at the end.
    vllm.child.kill('SIGTERM')
    await eventually(() => receiver.spans.length === 2, 20_000)

    const [first, second] = receiver.spans
    expect(first).toMatchObject({
      name: 'llm_request',
      scope: 'vllm.tracing.otel',
      kind: 2,
      traceId: TRACE,
      parentSpanId: PARENT,
      resource: { 'service.name': 'vllm-test', 'vllm.instrumenting_module_name': 'vllm.llm_engine' },
    })
    expect(Object.keys(first?.attributes ?? {}).sort()).toEqual([
      'gen_ai.latency.e2e',
      'gen_ai.latency.time_in_model_decode',
      'gen_ai.latency.time_in_model_inference',
      'gen_ai.latency.time_in_model_prefill',
      'gen_ai.latency.time_in_queue',
      'gen_ai.latency.time_to_first_token',
      'gen_ai.request.id',
      'gen_ai.request.max_tokens',
      'gen_ai.request.n',
      'gen_ai.request.temperature',
      'gen_ai.request.top_p',
      'gen_ai.usage.completion_tokens',
      'gen_ai.usage.prompt_tokens',
    ])
    expect(first?.attributes).toMatchObject({
      'gen_ai.request.id': 'cmpl-r1-0',
      'gen_ai.request.max_tokens': 5,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.usage.prompt_tokens': 10,
      'gen_ai.usage.completion_tokens': 5,
    })
    const { 'gen_ai.latency.e2e': e2e, 'gen_ai.latency.time_to_first_token': ttft } = first?.attributes ?? {}
    expect(Number(e2e)).toBeGreaterThan(Number(ttft))
    expect((first?.endedAt ?? 0) - (first?.startedAt ?? 0)).toBeCloseTo(Number(e2e) * 1_000, 0)
    expect(first?.startedAt).toBeGreaterThan(before - 50)
    expect(first?.startedAt).toBeLessThan(Date.now())
    // Of a client that sent none it begins a trace of its own, and a temperature of zero is left out.
    expect(second?.traceId).not.toBe(TRACE)
    expect(second?.parentSpanId ?? '').toBe('')
    expect(second?.attributes).not.toHaveProperty(['gen_ai.request.temperature'])
    expect(second?.attributes).toHaveProperty(['gen_ai.request.max_tokens'], 2)
  })

  test('are not made of requests whose client left', async () => {
    await using receiver = await httpReceiver()
    await using vllm = await startVllm(['--otlp-traces-endpoint', receiver.endpoint], {
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
    })
    await vllm.ready()
    const leave = new AbortController()
    const stream = await vllm.ask({ stream: true }, leave.signal)
    await stream.body?.getReader().read()
    leave.abort()
    await eventually(async () => (await vllm.sample('vllm:num_requests_running')) === 0)
    vllm.child.kill('SIGTERM')
    expect(await vllm.exitCode()).toBe(0)
    expect(receiver.spans).toEqual([])
  })

  test('that nobody receives cost no request and no orderly end', async () => {
    await using vllm = await startVllm(['--otlp-traces-endpoint', 'http://127.0.0.1:9/v1/traces'], {
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
    })
    await vllm.ready()
    expect((await vllm.ask({ max_tokens: 2 })).status).toBe(200)
    vllm.child.kill('SIGTERM')
    expect(await vllm.exitCode()).toBe(0)
  })
})
