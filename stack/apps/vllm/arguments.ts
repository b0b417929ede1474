import { isKnownVersion, KNOWN_VERSIONS } from '../../../lib/vllm/metrics/version.ts'
import { failure, parseOptions } from './option-parser.ts'
import { isAuto, numberOf } from './option-values.ts'

/** What vLLM's command line said; null where it did not, so that defaults can depend on the hardware and the version. */
export interface ServeArguments {
  model: string
  servedModelNames: string[]
  host: string
  port: number
  maxModelLen: number | 'auto' | null
  maxNumSeqs: number | null
  maxNumBatchedTokens: number | null
  gpuMemoryUtilization: number | null
  blockSize: number | null
  numGpuBlocksOverride: number | null
  enablePrefixCaching: boolean
  enforceEager: boolean
  seed: number
  maxNumQueuedReqs: number | null
  maxNumQueuedTokens: number | null
  kvCacheMemoryBytes: number | null
  enableChunkedPrefill: boolean
  longPrefillTokenThreshold: number
  schedulingPolicy: 'fcfs' | 'priority'
  /** Share of the KV blocks that an admission leaves free. */
  watermark: number
  schedulerReserveFullIsl: boolean | null
  /** Weights and KV lie in a pool that a sleeping engine can give back. */
  enableSleepMode: boolean
  enableCumemAllocator: boolean
  /** Seconds that running requests get after a SIGTERM; 0 gives them none. */
  shutdownTimeout: number
  otlpTracesEndpoint: string | null
  enableServerLoadTracking: boolean
  enableRequestIdHeaders: boolean
  disableLogStats: boolean
  disableUvicornAccessLog: boolean
  /** Any of them opens the API; none, and it is open. */
  apiKeys: readonly string[]
  /** The emulator's own: which vLLM it is like. */
  vllmVersion: string | null
  showHiddenMetricsForVersion: string | null
  /** Paths whose requests are not logged. */
  disableAccessLogForEndpoints: string[]
  /** Options of vLLM that change nothing here. */
  ignored: string[]
}

export type Parsed = { ok: true; arguments: ServeArguments } | { ok: false; message: string }

const POLICIES = ['fcfs', 'priority']

export const parseServeArguments = (argv: readonly string[]): Parsed => {
  const parsed = parseOptions(argv[0] === 'serve' ? argv.slice(1) : argv)
  if (!parsed.ok) return parsed
  const one = (name: string): string | undefined => parsed.values.get(name)?.[0]
  const version = one('vllm-version')
  if (version !== undefined && !isKnownVersion(version)) {
    return failure(`argument --vllm-version: expected a version from ${KNOWN_VERSIONS}, found '${version}'`)
  }
  const policy = one('scheduling-policy')
  if (policy !== undefined && !POLICIES.includes(policy)) {
    const known = POLICIES.map((name) => `'${name}'`).join(', ')
    return failure(`argument --scheduling-policy: invalid choice: '${policy}' (choose from ${known})`)
  }
  const read = new Set<string>()
  const collected = collect((name) => {
    read.add(name)
    return parsed.values.get(name)
  })
  const ignored = [...parsed.values.keys()].filter((name) => !read.has(name)).map((name) => `--${name}`)
  return { ok: true, arguments: { ...collected, ignored } }
}

// --- Internal helpers ---

/** vLLM's own where no model is named. */
const MODEL = 'Qwen/Qwen3-0.6B'

/** What is not asked for here has no effect. */
const collect = (values: (name: string) => readonly string[] | undefined): Omit<ServeArguments, 'ignored'> => {
  const text = (name: string): string | null => values(name)?.[0] ?? null
  const number = (name: string): number | null => numberOf(text(name) ?? '')
  const bool = (name: string): boolean | null => {
    const value = text(name)
    return value === null ? null : value === 'true'
  }
  const [tag, named] = [text('model_tag'), text('model')]
  const model = tag ?? named ?? MODEL
  const maxModelLen = text('max-model-len') ?? ''
  return {
    model,
    servedModelNames: [...(values('served-model-name') ?? [model])],
    host: text('host') ?? '0.0.0.0',
    port: number('port') ?? 8_000,
    maxModelLen: isAuto(maxModelLen) ? 'auto' : numberOf(maxModelLen),
    maxNumSeqs: number('max-num-seqs'),
    maxNumBatchedTokens: number('max-num-batched-tokens'),
    gpuMemoryUtilization: number('gpu-memory-utilization'),
    blockSize: number('block-size'),
    numGpuBlocksOverride: number('num-gpu-blocks-override'),
    enablePrefixCaching: bool('enable-prefix-caching') ?? true,
    enforceEager: bool('enforce-eager') ?? false,
    seed: number('seed') ?? 0,
    maxNumQueuedReqs: number('max-num-queued-reqs'),
    maxNumQueuedTokens: number('max-num-queued-tokens'),
    kvCacheMemoryBytes: number('kv-cache-memory-bytes'),
    enableChunkedPrefill: bool('enable-chunked-prefill') ?? true,
    longPrefillTokenThreshold: number('long-prefill-token-threshold') ?? 0,
    schedulingPolicy: text('scheduling-policy') === 'priority' ? 'priority' : 'fcfs',
    watermark: number('watermark') ?? 0,
    schedulerReserveFullIsl: bool('scheduler-reserve-full-isl'),
    enableSleepMode: bool('enable-sleep-mode') ?? false,
    enableCumemAllocator: bool('enable-cumem-allocator') ?? false,
    shutdownTimeout: number('shutdown-timeout') ?? 0,
    otlpTracesEndpoint: text('otlp-traces-endpoint'),
    enableServerLoadTracking: bool('enable-server-load-tracking') ?? false,
    enableRequestIdHeaders: bool('enable-request-id-headers') ?? false,
    disableLogStats: bool('disable-log-stats') ?? false,
    disableUvicornAccessLog: bool('disable-uvicorn-access-log') ?? false,
    apiKeys: (values('api-key') ?? []).filter((key) => key !== ''),
    vllmVersion: text('vllm-version'),
    showHiddenMetricsForVersion: text('show-hidden-metrics-for-version'),
    disableAccessLogForEndpoints: (text('disable-access-log-for-endpoints') ?? '')
      .split(',')
      .filter((path) => path !== ''),
  }
}
