import { isKnownVersion, KNOWN_VERSIONS } from '../../../lib/vllm/metrics/version.ts'
import { EMULATED, IGNORED, type Kind } from './argument-kinds.ts'

/** What vLLM's command line said; null where it did not, so that defaults can depend on the hardware. */
export interface ServeArguments {
  model: string
  servedModelNames: string[]
  host: string
  port: number
  maxModelLen: number | null
  maxNumSeqs: number | null
  maxNumBatchedTokens: number | null
  gpuMemoryUtilization: number
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
  /** Seconds that running requests get after a SIGTERM; 0 gives them none. */
  shutdownTimeout: number
  otlpTracesEndpoint: string | null
  enableServerLoadTracking: boolean
  enableRequestIdHeaders: boolean
  disableLogStats: boolean
  disableUvicornAccessLog: boolean
  /** The emulator's own: which vLLM it is like. */
  vllmVersion: string | null
  showHiddenMetricsForVersion: string | null
  /** Paths whose requests are not logged. */
  disableAccessLogForEndpoints: string[]
  /** Real arguments that change nothing here, as written. */
  ignored: string[]
}

export type Parsed = { ok: true; arguments: ServeArguments } | { ok: false; message: string }

const USAGE = 'usage: vllm [-h] [-v] {chat,complete,serve,launch,bench,collect-env,run-batch} ...'

/** vLLM's own default since April 2026 (cache.py). */
const GPU_MEMORY_UTILIZATION = 0.92

const POLICIES = ['fcfs', 'priority']

/** Reads vLLM's arguments as its argparse does: dashes or underscores, `--name value` or `--name=value`. */
export const parseServeArguments = (argv: readonly string[]): Parsed => {
  const values = new Map<string, string[]>()
  const unknown: string[] = []
  const ignored: string[] = []
  const rest = [...argv]
  if (rest[0] === 'serve') rest.shift()
  while (rest.length > 0) {
    const word = rest.shift() ?? ''
    if (!word.startsWith('--')) {
      if (values.has('model_tag')) unknown.push(word)
      else values.set('model_tag', [word])
      continue
    }
    const [written = '', inline] = splitOnce(word)
    const { name, kind, negated, known } = resolve(written)
    if (kind === undefined) {
      unknown.push(word)
      // argparse reports the stray value too.
      if (inline === undefined && rest[0] !== undefined && !rest[0].startsWith('--')) unknown.push(rest.shift() ?? '')
      continue
    }
    const given = kind === 'flag' ? [negated ? 'false' : 'true'] : takeValues(kind, inline, rest)
    if (given.length === 0)
      return failure(`argument --${name}: expected ${kind === 'list' ? 'at least one' : 'one'} argument`)
    const wrong = given.find((value) => !isValid(kind, value))
    if (wrong !== undefined) return failure(`argument --${name}: invalid ${kind} value: '${wrong}'`)
    if (name === 'vllm-version' && !isKnownVersion(given[0] ?? '')) {
      return failure(`argument --${name}: expected a version from ${KNOWN_VERSIONS}, found '${given[0]}'`)
    }
    if (name === 'scheduling-policy' && !POLICIES.includes(given[0] ?? '')) {
      return failure(
        `argument --${name}: invalid choice: '${given[0]}' (choose from ${POLICIES.map((policy) => `'${policy}'`).join(', ')})`,
      )
    }
    if (known) values.set(name, given)
    else ignored.push(`--${name}`)
  }
  if (unknown.length > 0) return failure(`unrecognized arguments: ${unknown.join(' ')}`)
  return { ok: true, arguments: collect(values, ignored) }
}

// --- Internal helpers ---

const failure = (text: string): Parsed => ({ ok: false, message: `${USAGE}\nvllm: error: ${text}\n` })

const splitOnce = (word: string): [string, string | undefined] => {
  const at = word.indexOf('=')
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

const resolve = (written: string): { name: string; kind: Kind | undefined; negated: boolean; known: boolean } => {
  const name = written.slice(2).replaceAll('_', '-')
  const known = name in EMULATED
  const kind = EMULATED[name] ?? IGNORED[name]
  if (kind !== undefined || !name.startsWith('no-')) return { name, kind, negated: false, known }
  const positive = resolve(`--${name.slice(3)}`)
  return positive.kind === 'flag' ? { ...positive, negated: true } : { name, kind: undefined, negated: false, known }
}

const takeValues = (kind: Kind, inline: string | undefined, rest: string[]): string[] => {
  if (inline !== undefined) return [inline]
  const next = rest.findIndex((word) => word.startsWith('--'))
  const available = next === -1 ? rest.length : next
  return rest.splice(0, kind === 'list' ? available : Math.min(1, available))
}

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 2 ** 10,
  m: 1e6,
  M: 2 ** 20,
  g: 1e9,
  G: 2 ** 30,
}
const INTEGER = /^(-?\d+)([kKmMgG]?)$/

/** An integer, or vLLM's short form: `16k` is 16,000, `16K` is 16,384. */
const integer = (text: string): number => {
  const [, digits = '', suffix = ''] = INTEGER.exec(text) ?? []
  return Number(digits) * (SUFFIXES[suffix] ?? 1)
}

const isValid = (kind: Kind, value: string): boolean => {
  if (kind === 'int') return INTEGER.test(value)
  return kind !== 'float' || (value !== '' && Number.isFinite(Number(value)))
}

const collect = (values: ReadonlyMap<string, string[]>, ignored: string[]): ServeArguments => {
  const text = (name: string): string | undefined => values.get(name)?.[0]
  const int = (name: string): number | null => {
    const value = text(name)
    return value === undefined ? null : integer(value)
  }
  const model = text('model_tag') ?? text('model') ?? 'Qwen/Qwen3-0.6B'
  return {
    model,
    servedModelNames: values.get('served-model-name') ?? [model],
    host: text('host') ?? '0.0.0.0',
    port: int('port') ?? 8_000,
    maxModelLen: int('max-model-len'),
    maxNumSeqs: int('max-num-seqs'),
    maxNumBatchedTokens: int('max-num-batched-tokens'),
    gpuMemoryUtilization: Number(text('gpu-memory-utilization') ?? GPU_MEMORY_UTILIZATION),
    blockSize: int('block-size'),
    numGpuBlocksOverride: int('num-gpu-blocks-override'),
    enablePrefixCaching: text('enable-prefix-caching') !== 'false',
    enforceEager: text('enforce-eager') === 'true',
    seed: int('seed') ?? 0,
    maxNumQueuedReqs: int('max-num-queued-reqs'),
    maxNumQueuedTokens: int('max-num-queued-tokens'),
    kvCacheMemoryBytes: int('kv-cache-memory-bytes'),
    enableChunkedPrefill: text('enable-chunked-prefill') !== 'false',
    longPrefillTokenThreshold: int('long-prefill-token-threshold') ?? 0,
    schedulingPolicy: text('scheduling-policy') === 'priority' ? 'priority' : 'fcfs',
    shutdownTimeout: int('shutdown-timeout') ?? 0,
    otlpTracesEndpoint: text('otlp-traces-endpoint') ?? null,
    enableServerLoadTracking: text('enable-server-load-tracking') === 'true',
    enableRequestIdHeaders: text('enable-request-id-headers') === 'true',
    disableLogStats: text('disable-log-stats') === 'true',
    disableUvicornAccessLog: text('disable-uvicorn-access-log') === 'true',
    vllmVersion: text('vllm-version') ?? null,
    showHiddenMetricsForVersion: text('show-hidden-metrics-for-version') ?? null,
    disableAccessLogForEndpoints: (text('disable-access-log-for-endpoints') ?? '')
      .split(',')
      .filter((path) => path !== ''),
    ignored,
  }
}
