import { errorMessage } from '../../lib/core/errors.ts'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import { backOff } from './back-off.ts'
import type { Context } from './context.ts'
import { type Decision, decide, isEnding } from './decide.ts'
import { readFault } from './fault-store.ts'
import { actorOf } from './steps/acting.ts'
import { carryOut } from './steps/carry-out.ts'
import { RECOVER_MS, verifyAgainIn } from './steps/pause.ts'

export interface Worker {
  /** The object has changed: look at once. */
  wake(fault: FaultResource): void
  /** Resolves when the Fault is over or gone, or the term has ended. */
  done: Promise<void>
}

/** Brings one Fault to its end: reads it, does what its record asks for next, and again, until nothing is left to do. */
export const startWorker = (context: Context, first: FaultResource): Worker => {
  let bell = new AbortController()
  const interrupt = new AbortController()
  const wake = (fault: FaultResource): void => {
    if (isEnding(fault)) interrupt.abort()
    bell.abort()
  }
  const pause = async (ms: number): Promise<void> => {
    await context.clock.sleep(ms, AbortSignal.any([context.signal, bell.signal]))
    if (bell.signal.aborted) bell = new AbortController()
  }
  /** Woken by the wish to end it, once. Not by every change: what we write ourselves about a failure is one. */
  const retryIn = async (ms: number): Promise<void> => {
    const { signal } = interrupt
    await context.clock.sleep(ms, signal.aborted ? context.signal : AbortSignal.any([context.signal, signal]))
  }
  const loop = async (): Promise<void> => {
    let failures = 0
    let last = first
    while (!context.signal.aborted) {
      try {
        const fault = await readFault(context.kube, first.metadata)
        if (fault === null || fault.metadata.uid !== first.metadata.uid) return
        last = fault
        const decision = decide(fault, { now: context.clock.now(), healOnly: context.healOnly })
        if (decision.act === 'rest') return
        await act(context, fault, decision, interrupt.signal)
        failures = 0
        await pause(pauseAfter(context, fault, decision))
      } catch (error) {
        if (context.signal.aborted) return
        failures += 1
        const value = { error: errorMessage(error), attempt: failures }
        await context.onEvent({ actor: actorOf(first), phase: 'info', what: 'retry', value })
        const ending = interrupt.signal.aborted || isEnding(last)
        await retryIn(backOff(last, { failures, now: context.clock.now(), ending }))
      }
    }
  }
  return { wake, done: loop() }
}

// --- Internal helpers ---

/** Planning and injecting in one go, so that no other fault is planned on a target that this one is about to change. */
const act = (context: Context, fault: FaultResource, decision: Decision, interrupt: AbortSignal): Promise<void> => {
  if (decision.act !== 'plan' && decision.act !== 'inject') return carryOut(context, fault, decision, interrupt)
  return context.exclusive(async () => {
    await carryOut(context, fault, decision, interrupt)
    if (decision.act === 'inject') return
    const planned = await readFault(context.kube, fault.metadata)
    if (planned === null) return
    const next = decide(planned, { now: context.clock.now(), healOnly: context.healOnly })
    if (next.act === 'inject') await carryOut(context, planned, next, interrupt)
  })
}

const pauseAfter = ({ clock }: Context, fault: FaultResource, { act: done }: Decision): number => {
  if (done === 'recover') return RECOVER_MS
  return done === 'verify' ? verifyAgainIn(fault, clock.now()) : 0
}
