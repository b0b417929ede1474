import { describe, expect, test } from 'vitest'
import { parseServeArguments } from './arguments.ts'
import { EmulatorEnv, planServer, unknownArguments } from './settings.ts'

const parse = (line: string): ReturnType<typeof parseServeArguments> => parseServeArguments(line.split(' '))

describe('arguments are read as vLLM reads them', () => {
  test('the manifest’s', () => {
    expect(
      parse(
        '--model meta-llama/Llama-3.1-8B-Instruct --served-model-name llama-3.1-8b --host 127.1.0.5 --port 8000 --max-num-seqs 256 --max-model-len 16384 --gpu-memory-utilization 0.92 --enable-prefix-caching',
      ),
    ).toMatchObject({
      ok: true,
      arguments: {
        model: 'meta-llama/Llama-3.1-8B-Instruct',
        servedModelNames: ['llama-3.1-8b'],
        host: '127.1.0.5',
        maxNumSeqs: 256,
        maxModelLen: 16_384,
        enablePrefixCaching: true,
        ignored: [],
      },
    })
  })

  test.each([
    ['serve m --max_model_len=16k', { model: 'm', maxModelLen: 16_000, servedModelNames: ['m'] }],
    ['m --max-model-len 16K --no-enable-prefix-caching', { maxModelLen: 16_384, enablePrefixCaching: false }],
    ['--served-model-name a b --model m', { servedModelNames: ['a', 'b'], model: 'm', port: 8_000, host: '0.0.0.0' }],
    ['m --dtype auto --disable-log-requests --port 1', { ignored: ['--dtype', '--disable-log-requests'], port: 1 }],
  ])('%s', (line, expected) => expect(parse(line)).toMatchObject({ ok: true, arguments: expected }))

  test.each([
    ['m --foo 3', 'vllm: error: unrecognized arguments: --foo 3'],
    ['m --no-model', 'vllm: error: unrecognized arguments: --no-model'],
    ['m n', 'vllm: error: unrecognized arguments: n'],
    ['m --max-num-seqs abc', "vllm serve: error: argument --max-num-seqs: invalid int value: 'abc'"],
    ['m --port', 'vllm serve: error: argument --port: expected one argument'],
  ])('%s is refused', (line, message) => {
    const parsed = parse(line)
    expect(parsed.ok ? '' : parsed.message).toContain(message)
  })
})

test.each([
  ['0.10.2', ['--shutdown-timeout', '--max-num-queued-reqs', '--max-num-queued-tokens']],
  ['0.20.0', ['--max-num-queued-reqs', '--max-num-queued-tokens']],
  ['0.32.0', []],
])('what vLLM %s does not know of --shutdown-timeout and the limits of the queue', (version, unknown) => {
  const parsed = parse(
    `m --shutdown-timeout 5 --max-num-queued-reqs 1 --max-num-queued-tokens 1 --vllm-version ${version}`,
  )
  if (!parsed.ok) throw new Error(parsed.message)
  expect(unknownArguments(parsed.arguments, EmulatorEnv.parse({}))).toEqual(unknown)
})

describe('the plan', () => {
  const plan = (line: string, memoryMiB: number): ReturnType<typeof planServer> => {
    const parsed = parse(line)
    if (!parsed.ok) throw new Error(parsed.message)
    return planServer(parsed.arguments, EmulatorEnv.parse({}), memoryMiB)
  }

  test('an 8B model on an H100 has some 28,000 blocks and vLLM’s defaults there', () => {
    const planned = plan('meta-llama/Llama-3.1-8B-Instruct', 81_008)
    if (!planned.ok) throw new Error(planned.error)
    expect(planned.plan.engine).toMatchObject({ maxNumSeqs: 1_024, maxNumBatchedTokens: 8_192, blockSize: 16 })
    expect(planned.plan.engine.numGpuBlocks).toBeGreaterThan(27_000)
    expect(planned.plan.engine.numGpuBlocks).toBeLessThan(30_000)
    expect(planned.plan.memory.requestedBytes).toBe(Math.ceil(81_008 * 2 ** 20 * 0.92))
  })

  test.each([
    ['meta-llama/Llama-3.1-70B', 81_008, /No available memory for the cache blocks/],
    ['meta-llama/Llama-3.1-8B', 30_000, /max seq len \(131072\), \(16\.0 GiB KV cache is needed/],
    ['m-8B --max-model-len 4k --max-num-seqs 64 --max-num-batched-tokens 32', 81_008, /must be greater than or equal/],
  ])('%s on %d MiB does not fit', (line, memoryMiB, error) => {
    const planned = plan(line, memoryMiB)
    expect(planned.ok ? '' : planned.error).toMatch(error)
  })

  test('an unknown preset is told with the known ones', () => {
    const env = EmulatorEnv.safeParse({ VLLM_EMULATOR_PRESET: 'h200' })
    expect(env.error?.issues[0]?.message).toBe('expected a preset (h100, a100, l4, cpu, drill), found "h200"')
  })
})
