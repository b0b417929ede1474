import { z } from 'zod'
import type { ActContext, Observer } from '../../lib/core/fault.ts'
import type { FaultEvidence } from '../../lib/core/fault-resource.ts'
import { expectedRiseMs } from './effect.ts'
import type { NetworkPlan } from './means.ts'
import { NETWORK_CHAOS } from './network-chaos.ts'

/** What the gateway measured on calls to the victim; where it tells nothing, what the means themselves say. */
export const impaired = async (context: ActContext<NetworkPlan>): Promise<FaultEvidence> => {
  const { plan } = context
  const riseMs = expectedRiseMs(plan.effect)
  const seen = riseMs === null ? await unanswered(context) : await slower(context, riseMs)
  if (seen !== null) return seen
  if (plan.means.by === 'network-chaos') return injectedByChaosMesh(context, plan.means.object.metadata.name)
  return { bit: false, reason: `the gateway's metrics say nothing of calls to ${plan.victim.name}`, facts: {} }
}

// --- Internal helpers ---

/** With what was before the fault: a minute, so that several scrapes are in it. */
const BEFORE_S = 60
/** A head that takes so long is not on its way: engines send it before they have computed anything. */
const SILENT_S = 1

/** Calls wait for their answers to begin, longer than any did before; or connections break. */
const unanswered = async ({ plan, observe, injectedAt }: ActContext<NetworkPlan>): Promise<FaultEvidence | null> => {
  const at = injectedAt / 1_000
  const ofVictim = (expression: (series: string) => string, metric: string): Promise<number | null> =>
    most(observe, toVictim(plan, metric, expression))
  const metric = 'gateway_upstream_unanswered_seconds'
  const seconds = await ofVictim((series) => series, metric)
  if (seconds === null) return null
  const before = (await ofVictim((series) => `max_over_time(${series}[${BEFORE_S}s] @ ${at})`, metric)) ?? 0
  const failures = 'gateway_upstream_failures_total'
  const failed = (await ofVictim((series) => `sum(${series})`, failures)) ?? 0
  const broken = failed - ((await ofVictim((series) => `sum(${series} @ ${at})`, failures)) ?? 0)
  const reason = `a call to ${plan.victim.name} has waited ${seconds.toFixed(1)} s for its answer to begin (${before.toFixed(1)} s before), ${broken} broke`
  return { bit: seconds > Math.max(SILENT_S, before) || broken > 0, reason, facts: { metric, seconds, before, broken } }
}

/** Response heads come later than before, by half of what is expected or more. */
const slower = async (context: ActContext<NetworkPlan>, riseMs: number): Promise<FaultEvidence | null> => {
  const { plan, observe, injectedAt } = context
  const at = injectedAt / 1_000
  const metric = 'gateway_upstream_head_seconds'
  const total = (what: 'sum' | 'count', when: string): Promise<number | null> =>
    most(
      observe,
      toVictim(plan, `${metric}_${what}`, (series) => `sum(${series}${when})`),
    )
  const mean = async (from: string, to: string): Promise<{ calls: number; ms: number }> => {
    const [seconds, calls] = [
      ((await total('sum', to)) ?? 0) - ((await total('sum', from)) ?? 0),
      ((await total('count', to)) ?? 0) - ((await total('count', from)) ?? 0),
    ]
    return { calls, ms: calls === 0 ? 0 : (seconds / calls) * 1_000 }
  }
  if ((await total('count', '')) === null) return null
  const before = await mean(` @ ${at - BEFORE_S}`, ` @ ${at}`)
  const during = await mean(` @ ${at}`, '')
  const rise = during.ms - before.ms
  const reason = `${during.calls} calls to ${plan.victim.name} waited ${during.ms.toFixed(0)} ms for the response head, ${before.ms.toFixed(0)} ms before`
  return {
    bit: during.calls > 0 && rise >= riseMs / 2,
    reason,
    facts: { metric, before, during, expectedRiseMs: riseMs },
  }
}

const Conditions = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
})

const injectedByChaosMesh = async ({ kube }: ActContext<NetworkPlan>, name: string): Promise<FaultEvidence> => {
  const found = Conditions.safeParse(await kube.readObject(NETWORK_CHAOS, name))
  const conditions = found.data?.status.conditions ?? []
  const bit = conditions.some(({ type, status }) => type === 'AllInjected' && status === 'True')
  const reason = bit ? 'Chaos Mesh says that all is injected' : 'Chaos Mesh has not said that all is injected'
  return { bit, reason, facts: { conditions } }
}

/** The gateway says `pod` of the replica: `exported_pod` where Prometheus says `pod` of the gateway itself. */
const toVictim = ({ namespace, victim }: NetworkPlan, metric: string, expression: (series: string) => string): string =>
  ['exported_pod', 'pod']
    .map((label) => expression(`${metric}{namespace="${namespace}",${label}="${victim.name}"}`))
    .join(' or ')

const most = async (observe: Observer, query: string): Promise<number | null> => {
  const values = (await observe.query(query)).map(({ value }) => value).filter(Number.isFinite)
  return values.length === 0 ? null : Math.max(...values)
}
