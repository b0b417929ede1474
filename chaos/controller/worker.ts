import { errorMessage } from '../../lib/core/errors.ts'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import { actorOf, inject, plan, refuse, undo } from './begin.ts'
import type { Context } from './context.ts'
import { type Decision, decide, endOf, isEnding } from './decide.ts'
import { heal, recover, release, verify } from './end.ts'
import { readFault } from './fault-store.ts'

/** Milliseconds between two looks. */
const VERIFY_MS = 1_000
/** Once it has bitten, only the numbers still move. */
const BITTEN_MS = 5_000
const RECOVER_MS = 500
const MAX_BACKOFF_MS = 10_000

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
  const loop = async (): Promise<void> => {
    let failures = 0
    while (!context.signal.aborted) {
      try {
        const fault = await readFault(context.kube, first.metadata)
        if (fault === null || fault.metadata.uid !== first.metadata.uid) return
        const decision = decide(fault, { now: context.clock.now(), healOnly: context.healOnly })
        if (decision.act === 'rest') return
        await carryOut(context, fault, decision, interrupt.signal)
        failures = 0
        await pause(pauseAfter(context, fault, decision))
      } catch (error) {
        if (context.signal.aborted) return
        failures += 1
        const value = { error: errorMessage(error), attempt: failures }
        await context.onEvent({ actor: actorOf(first), phase: 'info', what: 'retry', value })
        await context.clock.sleep(Math.min(MAX_BACKOFF_MS, 250 * 2 ** failures), context.signal)
      }
    }
  }
  return { wake, done: loop() }
}

// --- Internal helpers ---

const carryOut = (
  context: Context,
  fault: FaultResource,
  decision: Decision,
  interrupt: AbortSignal,
): Promise<void> => {
  switch (decision.act) {
    case 'plan':
      return context.exclusive(() => planAndInject(context, fault, interrupt))
    case 'inject':
      return context.exclusive(() => inject(context, fault, interrupt))
    case 'refuse':
      return refuse(context, fault, decision.reason)
    case 'undo':
      return undo(context, fault, decision.reason)
    case 'verify':
      return verify(context, fault)
    case 'heal':
      return heal(context, fault)
    case 'recover':
      return recover(context, fault)
    case 'release':
      return release(context, fault)
    default:
      return Promise.resolve()
  }
}

/** In one go, so that no other fault is planned on a target that this one is about to change. */
const planAndInject = async (context: Context, fault: FaultResource, interrupt: AbortSignal): Promise<void> => {
  await plan(context, fault)
  const planned = await readFault(context.kube, fault.metadata)
  if (planned === null) return
  const { act } = decide(planned, { now: context.clock.now(), healOnly: context.healOnly })
  if (act === 'inject') await inject(context, planned, interrupt)
}

const pauseAfter = ({ clock }: Context, fault: FaultResource, { act }: Decision): number => {
  if (act === 'recover') return RECOVER_MS
  if (act !== 'verify') return 0
  const left = endOf(fault, fault.status?.injected) - clock.now()
  return Math.max(0, Math.min(left, fault.status?.evidence?.bit === true ? BITTEN_MS : VERIFY_MS))
}
