import type { ActContext } from '../../lib/core/fault.ts'

export interface Victim {
  name: string
  uid: string
  node: string
}

type Hand = Pick<ActContext<unknown>, 'kube' | 'clock' | 'signal'>

/** Budgets are asked again every so often, and no longer than this: a pod that starts elsewhere takes a budget for a moment. */
const EVERY_MS = 1_000
export const PATIENCE_MS = 10_000

/**
 * Evicts them all at once, as `kubectl drain` does. One whose budget says no is asked for again until the patience ends; then it is left
 * alone, and `evicted` says why.
 */
export const evict = async (
  victims: readonly Victim[],
  { patienceMs, gracePeriodSeconds }: { patienceMs: number; gracePeriodSeconds?: number | undefined },
  { kube, clock, signal }: Hand,
): Promise<void> => {
  const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }
  const deadline = clock.now() + patienceMs
  let left = victims
  for (;;) {
    const answers = await Promise.all(left.map(({ name, uid }) => kube.evictPod(name, { uid, ...grace })))
    left = left.filter((_, index) => answers[index]?.accepted === false)
    if (left.length === 0 || clock.now() >= deadline) return
    await clock.sleep(EVERY_MS, signal)
    signal.throwIfAborted()
  }
}

/** Which victims are gone, and what keeps the others: asked of the budgets without evicting anybody. */
export const evicted = async (
  victims: readonly Victim[],
  { kube }: Pick<Hand, 'kube'>,
): Promise<{ gone: string[]; alive: string[]; reason: string }> => {
  const alive = await kube.alive(victims)
  const staying = victims.filter(({ name }) => alive.includes(name))
  const answers = await Promise.all(
    staying.map(async ({ name, uid }) => ({ name, answer: await kube.evictPod(name, { uid, dryRun: true }) })),
  )
  const kept = answers.flatMap(({ name, answer }) =>
    answer.accepted ? [] : [`${name} is protected: ${answer.reason}`],
  )
  const gone = victims.filter(({ name }) => !alive.includes(name)).map(({ name }) => name)
  return { gone, alive, reason: [`${gone.length} of ${victims.length} victims are evicted`, ...kept].join('; ') }
}
