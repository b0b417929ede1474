import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { startVllm } from '../../stack/apps/vllm/testing/process.ts'
import { atMost, info, type Line } from '../bench/line.ts'

const GROUP = 'server'
const STREAMS = 400
const STEP_MS = 40
const SECONDS = 20
const READER = fileURLToPath(new URL('stream-reader.ts', import.meta.url))

/** What one emulated vLLM with 400 running streams costs: CPU of its two processes, not of the client. */
export const serverCost = async (progress: (text: string) => void): Promise<Line[]> => {
  const args = ['--max-model-len', '8192', '--max-num-seqs', '512', '--disable-uvicorn-access-log']
  // On an h100 a step of 400 sequences takes less than the floor: every step takes exactly that.
  await using vllm = await startVllm(args, {
    NODE_ENV: 'production',
    VLLM_EMULATOR_PRESET: 'h100',
    VLLM_EMULATOR_STEP_FLOOR_MS: String(STEP_MS),
  })
  await vllm.ready()
  progress(`${STREAMS} streams, a token every ${STEP_MS} ms, for ${SECONDS} s`)
  return await measure(vllm.url, vllm.child.pid ?? 0)
}

// --- Internal helpers ---

const Told = z.object({ begun: z.number(), events: z.number() })

const measure = async (url: string, pid: number): Promise<Line[]> => {
  const reader = fork(READER, [url, String(STREAMS), '8000'], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  let told = { begun: 0, events: 0 }
  reader.on('message', (message) => {
    told = Told.parse(message)
  })
  try {
    while (told.begun < STREAMS) await once(reader, 'message')
    await delay(2_000)
    const pids = [pid, ...(await childrenOf(pid))]
    const [before, eventsBefore, from] = [await usage(pids), told.events, performance.now()]
    const stepsBefore = await steps(url)
    await delay(SECONDS * 1_000)
    const [after, events, to] = [await usage(pids), told.events - eventsBefore, performance.now()]
    const stepsAfter = await steps(url)
    const seconds = (to - from) / 1_000
    const stepMs = ((stepsAfter.seconds - stepsBefore.seconds) / (stepsAfter.count - stepsBefore.count)) * 1_000
    const what = `CPU of ${STREAMS} running streams at ${STEP_MS} ms steps`
    return [
      atMost(GROUP, { what, value: (after.cpu - before.cpu) / seconds, atMost: 0.5, unit: 'core' }),
      atMost(GROUP, { what: 'mean step, as its histogram has it', value: stepMs, atMost: STEP_MS * 1.02, unit: 'ms' }),
      info(GROUP, 'events that the client read', events / seconds, 'a second'),
      info(GROUP, 'memory of both processes, VmRSS', after.mib, 'MiB'),
    ]
  } finally {
    reader.kill('SIGKILL')
  }
}

/** Seconds of CPU that processes have used (proc(5), fields 14 and 15, in hundredths), and their resident MiB. */
const usage = async (pids: readonly number[]): Promise<{ cpu: number; mib: number }> => {
  let [cpu, mib] = [0, 0]
  for (const pid of pids) {
    const [stat = '', status = ''] = await Promise.all(
      ['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    )
    const fields = stat.replace(/^.*\) /, '').split(' ')
    cpu += (Number(fields[11]) + Number(fields[12])) / 100
    mib += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024
  }
  return { cpu, mib }
}

const childrenOf = async (pid: number): Promise<number[]> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean).map(Number)

/** Gaps between tokens so far: how many, and how long together. */
const steps = async (url: string): Promise<{ count: number; seconds: number }> => {
  const page = await (await fetch(`${url}/metrics`)).text()
  const value = (suffix: string): number =>
    Number(new RegExp(`^vllm:inter_token_latency_seconds_${suffix}{[^}]*} (\\S+)$`, 'm').exec(page)?.[1])
  return { count: value('count'), seconds: value('sum') }
}
