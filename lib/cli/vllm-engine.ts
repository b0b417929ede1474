import process from 'node:process'
import { tryLock } from '../cluster/lock.ts'
import { UserError } from '../core/errors.ts'
import { THREE_LETTERS } from '../k6/prompt/corpus.ts'
import { cacheRoot } from '../toolchain/tools.mjs'
import { findVllm, installVllm, type VllmInstall, type VllmOptions } from '../toolchain/vllm/install.ts'
import type { Context } from './context.ts'
import type { EngineLimits, ReadEngine } from './read-engine.ts'

/** The engine of `--engine vllm`: installed where it is not, which takes minutes once. */
export const vllmEngine = async (context: Context): Promise<ReadEngine> => {
  const { vllm, model } = await installed(context)
  return {
    vllm,
    real: { replicas: REPLICAS, args: [model, ...ARGS], env: ENV, randomWeights: true },
    limits: VLLM_LIMITS,
  }
}

/**
 * The load: measured with the `chat` workload beside the rest of the stack on two cores. The flags: their token counts are made
 * for a cache of hundreds of thousands of tokens; here there are 8,192, and the words of a flag's context are two tokens each.
 */
export const VLLM_LIMITS: EngineLimits = { carries: { users: 50, requestsPerSecond: 4 }, flagTokens: 0.2 }

// --- Internal helpers ---

/** One process for each of two cores. */
const REPLICAS = 2

/**
 * The model of the recordings in lib/vllm/fixtures, in smaller batches. 8 requests a replica and 8,192 tokens of cache keep the
 * drill's proportions: a lost replica is felt as a queue, the template's context as a full cache. 256 tokens a step keep
 * it under a tenth of a second on one core: with 1,024, each long prompt alone would break the rules' promise about gaps.
 */
// prettier-ignore
const ARGS = [
  '--served-model-name', 'tiny', '--load-format', 'dummy', '--dtype', 'float32', '--max-model-len', '4096',
  '--enforce-eager', '--max-num-seqs', '8', '--max-num-batched-tokens', '256', '--block-size', '32',
  '--num-gpu-blocks-override', '256', '--distributed-executor-backend', 'uni',
]

const ENV = {
  HF_HUB_OFFLINE: '1',
  VLLM_NO_USAGE_STATS: '1',
  VLLM_CPU_KVCACHE_SPACE: '1',
  // Each replica would choose the same core to bind its one thread to.
  VLLM_CPU_OMP_THREADS_BIND: 'nobind',
  OMP_NUM_THREADS: '1',
  // A CPU build starts its worker as another process only to give it these two variables: with `uni`, a third less to start.
  VLLM_ENABLE_V1_MULTIPROCESSING: '0',
}

const installed = async (context: Context): Promise<VllmInstall> => {
  const options: VllmOptions = {
    cacheRoot: cacheRoot(context.env),
    env: context.env,
    machine: { platform: process.platform, arch: process.arch },
    words: THREE_LETTERS,
    onWarning: (text) => context.err(`note: ${text}\n`),
    onProgress: throttled(context),
    signal: context.signal,
  }
  const known = await findVllm(options)
  if (known !== null) return known
  const lock = await tryLock(`vllm ${options.cacheRoot}`)
  if (lock === null) throw installing()
  try {
    // Whoever held the lock may have been done with it just now.
    return (await findVllm(options)) ?? (await installVllm(options))
  } finally {
    await lock.release()
    context.status('')
  }
}

/** Where each line stays (a file, a CI log), hundreds of packages are worth a line every few seconds. */
const throttled = ({ status, isTerminal }: Context): ((text: string) => void) => {
  let saidAt = Number.NEGATIVE_INFINITY
  return (text) => {
    const now = performance.now()
    const isStep = !text.startsWith('vLLM: package')
    if (!isTerminal && !isStep && now - saidAt < QUIET_MS) return
    saidAt = now
    status(text)
  }
}

const QUIET_MS = 10_000

const installing = (): UserError =>
  new UserError({
    code: 'engine-installing',
    message: 'expected nobody to be installing vLLM, found another firedrill at it',
    hint: 'wait until it is done, and run this again',
  })
