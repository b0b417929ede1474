import { describe, expect, test } from 'vitest'
import { parseServeArguments, type ServeArguments } from './arguments.ts'
import { parseOptions } from './option-parser.ts'
import { SERVE_OPTIONS } from './serve-options.ts'

const read = (...words: string[]): ServeArguments => {
  const parsed = parseServeArguments(words)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.arguments
}

const refusal = (...words: string[]): string => {
  const parsed = parseOptions(words)
  return parsed.ok ? 'taken' : (parsed.message.split('\n')[1] ?? '')
}

describe('users bring arguments of their own', () => {
  test.each([
    ['-tp 2 -pp=1 -dp 2', ['--tensor-parallel-size', '--pipeline-parallel-size', '--data-parallel-size']],
    ['--quantization awq -q fp8 --dtype half', ['--quantization', '--dtype']],
    ['--kv-transfer-config {"kv_connector":"LMCacheConnectorV1"}', ['--kv-transfer-config']],
    ['--compilation_config.cudagraph_mode FULL -cc.level=3 -O3', ['--compilation-config', '--optimization-level']],
    ['--hf-token --lora-modules a=x b=y --enable-lora', ['--hf-token', '--lora-modules', '--enable-lora']],
    ['--headless --no-enable-expert-parallel -ep', ['--headless', '--enable-expert-parallel']],
    ['--cpu-offload-gb 1.5 --max-loras 4 -n2', ['--cpu-offload-gb', '--max-loras', '--nnodes']],
    ['--disable-log-requests --allowed-origins ["*"]', ['--disable-log-requests', '--allowed-origins']],
  ])('%s', (line, ignored) => expect(read('m', ...line.split(' '))).toMatchObject({ model: 'm', ignored }))

  test.each([
    ['--max-num-seq 3', { maxNumSeqs: 3 }],
    ['--device-memory-utilization 0.5', { gpuMemoryUtilization: 0.5 }],
    ['--max-num-batched-tokens 12.5k', { maxNumBatchedTokens: 12_500 }],
    ['--num-gpu-blocks-override None', { numGpuBlocksOverride: null }],
    ['--api-key one two', { apiKeys: ['one', 'two'] }],
    ['--enable-sleep-mode --watermark 0.1', { enableSleepMode: true, watermark: 0.1, ignored: [] }],
    ['--no-scheduler-reserve-full-isl', { schedulerReserveFullIsl: false }],
  ])('%s has an effect', (line, expected) => expect(read('m', ...line.split(' '))).toMatchObject(expected))

  test('every option of vLLM is taken, in the form that it takes its value', () => {
    const values = { int: '3', float: '0.5', size: '4k', length: '4k' }
    const value: Partial<Record<string, string>> = { ...values, flag: undefined, switch: undefined }
    for (const { kind, strings } of SERVE_OPTIONS) {
      for (const string of strings) {
        const words = kind === 'flag' || kind === 'switch' ? [string] : [string, value[kind] ?? '1']
        expect(refusal('m', ...words)).toBe('taken')
      }
    }
    expect(SERVE_OPTIONS.length).toBeGreaterThan(310)
  })
})

/** As a real vLLM 0.32.0 wrote them. */
test.each([
  ['--foo 3', 'vllm: error: unrecognized arguments: --foo 3'],
  ['-xy 3', 'vllm: error: unrecognized arguments: -xy 3'],
  [
    '--max-n 3',
    'vllm serve: error: ambiguous option: --max-n could match --max-num-batched-tokens, --max-num-scheduled-tokens, --max-num-seqs, --max-num-active-seqs, --max-num-queued-reqs, --max-num-queued-tokens',
  ],
  ['--max-num-seqs 16k', "vllm serve: error: argument --max-num-seqs: invalid int value: '16k'"],
  ['--max-num-seqs 12.5', "vllm serve: error: argument --max-num-seqs: invalid int value: '12.5'"],
  ['--max-num-seqs', 'vllm serve: error: argument --max-num-seqs: expected one argument'],
  ['--api-key', 'vllm serve: error: argument --api-key: expected at least one argument'],
  [
    '--gpu-memory-utilization abc',
    "vllm serve: error: argument --gpu-memory-utilization/--device-memory-utilization: invalid float value: 'abc'",
  ],
  [
    '--max-model-len foo',
    "vllm serve: error: argument --max-model-len: invalid human_readable_int_or_auto value: 'foo'",
  ],
  [
    '--num-gpu-blocks-override abc',
    "vllm serve: error: argument --num-gpu-blocks-override: Value abc cannot be converted to <class 'int'>.",
  ],
  [
    '--max-num-batched-tokens abc',
    "vllm serve: error: argument --max-num-batched-tokens: invalid human_readable_int value: 'abc'",
  ],
])('%s is refused', (line, expected) => expect(refusal('m', ...line.split(' '))).toBe(expected))
