import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { reserve, utilizationOf } from './reserve.ts'

/**
 * Runs a real vLLM (the arguments are its command line) that holds memory of the node's emulated GPU as long as it lives, and
 * does not start where there is not enough of it. Nothing else of vLLM is emulated.
 */
const Env = z.object({
  FIREDRILL_GPU_URL: z.url().optional(),
  FIREDRILL_POD: z.string().default('default/vllm'),
  FIREDRILL_POD_UID: z.string().default(''),
})

/** vLLM looks at the device when its imports are done: whoever waits for memory freed just now was faster. */
const FIRST_LOOK_MS = 1_000
/** When it does on an idle core. A start that must fail fails then: its back-off would grow too fast otherwise. */
const LAST_LOOK_MS = 8_000

const say = (text: string): void => void process.stderr.write(`firedrill (emulated GPU): ${text}\n`)

/** Resolves with the exit code: that of the program, or 128 and its signal's number, as shells have it. */
const run = (command: string, args: readonly string[], lost: Promise<void>): Promise<number> =>
  new Promise((resolve) => {
    // The whole process group is told to end, vLLM with it: from now on this process waits for that.
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => undefined)
    const child = spawn(command, args, { stdio: 'inherit' })
    let isLost = false
    void lost.then(() => {
      isLost = true
      say('torch.AcceleratorError: CUDA error: unspecified launch failure: the GPU is gone, and vLLM is ended with it')
      child.kill('SIGKILL')
    })
    child.once('error', (error) => {
      say(error.message)
      resolve(127)
    })
    child.once('exit', (code, signal) => {
      resolve(isLost ? 1 : (code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
    })
  })

const main = async (): Promise<number> => {
  const [command, ...args] = process.argv.slice(2)
  const env = Env.safeParse(process.env)
  if (command === undefined || !env.success) {
    say(env.success ? 'usage: real-vllm VLLM serve …' : z.prettifyError(env.error))
    return 64
  }
  const { FIREDRILL_GPU_URL: url, FIREDRILL_POD: pod, FIREDRILL_POD_UID: uid } = env.data
  if (url === undefined) return run(command, args, new Promise(() => undefined))
  const request = { url, holder: { pod, uid, container: 'vllm' }, utilization: utilizationOf(args) }
  await delay(FIRST_LOOK_MS)
  let reservation = await reserve(request)
  if (!reservation.ok) {
    await delay(LAST_LOOK_MS - FIRST_LOOK_MS)
    reservation = await reserve(request)
  }
  if (!reservation.ok) {
    say(reservation.reason)
    return 1
  }
  say(`holds ${reservation.mib} MiB for vLLM, which runs on the CPU`)
  return run(command, args, reservation.lost)
}

process.exit(await main())
