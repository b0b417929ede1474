import { haltOf } from '../../chaos/controller/halt.ts'
import { listFaults } from '../../chaos/controller/fault-store.ts'
import { overstepping } from '../../chaos/controller/overstepping.ts'
import { servingState } from '../../chaos/controller/serving.ts'
import { RUN_LABEL } from '../core/fault-resource.ts'
import type { Clock } from '../core/clock.ts'
import { errorMessage } from '../core/errors.ts'
import { faultWindows } from '../core/fault-window.ts'
import { freshAlerts } from '../core/fresh-alerts.ts'
import type { RunPlan } from '../core/run-folder.ts'
import type { Safety } from '../core/safety.ts'
import { unexpectedAlerts } from '../core/unexpected-alert.ts'
import type { Kube } from '../kube/client.ts'
import type { PrometheusClient } from '../prometheus/client.ts'
import type { Ending } from './ending.ts'
import { poll, type Polling } from './poll.ts'
import { STOP_EVERY_MS, stopCondition } from './stop-condition.ts'
import { stopped, timeLimit, unexpectedReason, type Watch } from './watch.ts'

export interface Watched {
  safety: Safety
  plan: RunPlan
  kube: Kube
  prometheus: Pick<PrometheusClient, 'query' | 'alerts'>
  runId: string
  /** The API server's, which says when faults were injected and healed. */
  time: Pick<Clock, 'now'>
}

/** Everything that ends a run before its time. */
export const watches = (watched: Watched): Watch[] => {
  const { safety, prometheus } = watched
  const { stopWhen, stopOnUnexpectedAlert, maxDuration } = safety
  return [
    (polling) => poll(HALT_EVERY_MS, () => halted(watched), polling),
    async (polling) => stopped(await poll(STOP_EVERY_MS, tooManyGone(watched, polling), polling)),
    ...(maxDuration === undefined ? [] : [timeLimit(maxDuration)]),
    ...(stopWhen === undefined
      ? []
      : [async (polling: Polling) => stopped(await stopCondition(prometheus, stopWhen, polling))]),
    ...(stopOnUnexpectedAlert ? [async (polling: Polling) => stopped(await unexpectedAlert(watched, polling))] : []),
  ]
}

// --- Internal helpers ---

const HALT_EVERY_MS = 1_000

const halted = async ({ kube, plan }: Watched): Promise<Ending | null> => {
  const text = await haltOf(kube, plan.target.namespace)
  return text === null ? null : { ending: 'halted', endingReason: text }
}

const tooManyGone = ({ kube, plan, safety: { maxUnavailable } }: Watched, { clock }: Polling) => {
  const { namespace, selector } = plan.target
  const overstepped = overstepping(maxUnavailable)
  return async (): Promise<string | null> => overstepped(await servingState(kube, namespace, selector), clock.now())
}

/** The first look is at once: what fires by then did not fire in the run. */
const unexpectedAlert = async (watched: Watched, polling: Polling): Promise<string | null> => {
  const look = firesUnexpectedly(watched)
  await look().catch((error: unknown) => polling.onError(errorMessage(error)))
  return poll(STOP_EVERY_MS, look, polling)
}

const firesUnexpectedly = ({ kube, prometheus, plan, runId, time }: Watched) => {
  const freshOf = freshAlerts()
  return async (): Promise<string | null> => {
    const active = await prometheus.alerts()
    const fresh = freshOf(
      active.flatMap(({ state, labels }) => (state === 'firing' ? [labels['alertname'] ?? ''] : [])),
    )
    if (fresh.length === 0) return null
    const faults = await listFaults(kube, plan.target.namespace)
    const own = faults.filter(({ metadata }) => metadata.labels?.[RUN_LABEL] === runId)
    const unexpected = unexpectedAlerts({ alerts: fresh, at: time.now() }, plan, faultWindows(own))
    return unexpected.length === 0 ? null : unexpectedReason(unexpected)
  }
}
