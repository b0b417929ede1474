import type { ActContext } from '../../lib/core/fault.ts'
import { until } from '../../lib/core/until.ts'

type OnePodJob = { metadata: { name: string } } & Record<string, unknown>
type Hand = Pick<ActContext<unknown>, 'kube' | 'clock' | 'signal'>

const START_TIMEOUT_MS = 60_000
const END_TIMEOUT_MS = 60_000

/** Resolves when the Job's pod is ready; throws where it has ended before, as one does whose node lost it. */
export const startJob = async (job: OnePodJob, hand: Hand): Promise<void> => {
  await hand.kube.createJob(job)
  await jobReady(job.metadata.name, hand)
}

export const jobReady = (name: string, { kube, clock, signal }: Hand): Promise<void> => {
  const what = `a pod of Job ${name} to be ready`
  const isReady = async (): Promise<boolean> => {
    if (await kube.jobRunning(name)) return true
    if (await kube.jobEnded(name)) throw new Error(`expected ${what}, found that it has ended before`)
    return false
  }
  return until(isReady, { what, timeoutMs: START_TIMEOUT_MS, clock, signal })
}

/** Resolves when nothing of it is left. */
export const endJob = async (name: string, { kube, clock, signal }: Hand): Promise<void> => {
  await kube.deleteJob(name)
  await until(() => kube.jobGone(name), { what: `Job ${name} to be gone`, timeoutMs: END_TIMEOUT_MS, clock, signal })
}
