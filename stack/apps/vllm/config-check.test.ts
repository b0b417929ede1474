import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseServeArguments } from './arguments.ts'
import { EmulatorEnv, type Planned, planServer } from './settings.ts'

/** Arguments behind `--max-model-len 4096`, and the last lines that a real vLLM 0.32.0 ended with (exit code 1). */
const Refused = z.array(z.object({ arguments: z.string(), error: z.string() }))
const FILE = new URL('fixtures/refused-0.32.0.json', import.meta.url)
const refused = Refused.parse(JSON.parse(readFileSync(FILE, 'utf8')))

const MEMORY_MIB = 81_008

const plan = (line: string, memoryMiB = MEMORY_MIB, preset = 'h100'): Planned => {
  const parsed = parseServeArguments(line.split(' '))
  if (!parsed.ok) throw new Error(parsed.message)
  return planServer(parsed.arguments, EmulatorEnv.parse({ VLLM_EMULATOR_PRESET: preset }), memoryMiB)
}

const engineOf = (planned: Planned): object => {
  if (!planned.ok) throw new Error(planned.error)
  return planned.plan.engine
}

describe('what vLLM 0.32.0 refuses is refused in its words', () => {
  test.each(refused)('$arguments', ({ arguments: line, error }) => {
    expect(plan(`m-8B --max-model-len 4096 ${line}`)).toEqual({ ok: false, by: 'config', error })
  })

  test('sleep mode where the device has none', () => {
    expect(plan('m-1B --max-model-len 4096 --enable-sleep-mode', 8_192, 'cpu')).toMatchObject({
      by: 'config',
      error: expect.stringContaining('Value error, Sleep mode is not supported on current platform. [type=value_error'),
    })
  })
})

describe('what it takes is taken', () => {
  test.each([
    ['--block-size 7', { blockSize: 7 }],
    ['--max-num-batched-tokens 16', { maxNumBatchedTokens: 16, maxNumSeqs: 16 }],
    ['--no-enable-chunked-prefill', { enableChunkedPrefill: false, maxNumBatchedTokens: 8_192 }],
    ['--no-enable-chunked-prefill --max-model-len 16k', { maxNumBatchedTokens: 16_000 }],
    ['--max-num-seqs 1', { maxNumSeqs: 1, maxNumBatchedTokens: 4_096 }],
    ['--watermark 0.05', { watermark: 0.05 }],
    ['--no-scheduler-reserve-full-isl', { reserveFullPrompt: false }],
  ])('%s', (line, expected) => expect(engineOf(plan(`m-8B --max-model-len 4096 ${line}`))).toMatchObject(expected))
})

describe('--max-model-len auto (or -1)', () => {
  test.each(['auto', '-1'])('%s is the model’s own length where it fits', (length) => {
    expect(engineOf(plan(`meta-llama/Llama-3.1-8B --max-model-len ${length}`))).toMatchObject({ maxModelLen: 131_072 })
  })

  test('is what fits where it does not', () => {
    const planned = plan('meta-llama/Llama-3.1-8B --max-model-len auto --num-gpu-blocks-override 1001')
    expect(engineOf(planned)).toMatchObject({ maxModelLen: 16_000, numGpuBlocks: 1_001 })
    expect(planned.ok && planned.plan.autoFitFrom).toBe(131_072)
    // The same memory, but the length is asked for.
    expect(plan('meta-llama/Llama-3.1-8B --num-gpu-blocks-override 1001')).toMatchObject({
      by: 'engine',
      error: expect.stringContaining('estimated maximum model length is 16000.'),
    })
  })

  test('is refused where not one token fits', () => {
    expect(plan('meta-llama/Llama-3.1-8B --max-model-len auto --num-gpu-blocks-override 1')).toMatchObject({
      by: 'engine',
      error: expect.stringMatching(/^ValueError: Cannot auto-fit max_model_len: not enough GPU memory/),
    })
  })
})

test.each([
  ['0.10.2', 0.9],
  ['0.20.2', 0.9],
  ['0.21.0', 0.92],
  ['0.32.0', 0.92],
])('vLLM %s takes %d of the device unless told otherwise', (version, share) => {
  const planned = plan(`m-8B --max-model-len 4k --vllm-version ${version}`)
  if (!planned.ok) throw new Error(planned.error)
  expect(planned.plan.memory.requestedBytes).toBe(Math.ceil(MEMORY_MIB * 2 ** 20 * share))
  const told = plan(`m-8B --max-model-len 4k --vllm-version ${version} --gpu-memory-utilization 0.5`)
  expect(told.ok && told.plan.gpuMemoryUtilization).toBe(0.5)
})
