import type { V1Probe } from '../../kube/pod-types.ts'
import type { Answer } from './probe-run.ts'
import { initialProbeState, observe, type ProbeKind } from './probe-state.ts'

export interface ContainerProbes {
  startup?: V1Probe | undefined
  readiness?: V1Probe | undefined
  liveness?: V1Probe | undefined
}

export interface ProbeEvents {
  /** The startup probe has passed; at once where there is none. */
  onStarted(): void
  onReady(ready: boolean): void
  /** One failed answer, whether or not it changes anything. */
  onFailure(kind: ProbeKind, message: string): void
  /** The startup or liveness probe has failed for good: the container is to be killed. */
  onUnhealthy(kind: ProbeKind, probe: V1Probe): void
}

export interface Prober {
  /** A pod that is being deleted is only asked whether it is ready. */
  onlyReadiness(): void
  stop(): void
}

/** The probes of one running container, each on a timer of its own; the startup probe comes before the others. */
export const startProber = (
  { startup, readiness, liveness }: ContainerProbes,
  ask: (probe: V1Probe, timeoutMs: number) => Promise<Answer>,
  events: ProbeEvents,
): Prober => {
  const begun = performance.now()
  const loops = new Map<ProbeKind, () => void>()
  let stopped = false

  const loop = (kind: ProbeKind, probe: V1Probe): void => {
    const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe
    const thresholds = { success: probe.successThreshold ?? 1, failure: probe.failureThreshold ?? 3 }
    let state = initialProbeState(kind)
    let live = true
    let timer: NodeJS.Timeout | undefined

    const tick = async (): Promise<void> => {
      const asked = performance.now()
      const { ok, message } = await ask(probe, timeoutSeconds * 1_000)
      if (!live) return
      const before = state.result
      state = observe(state, ok ? 'success' : 'failure', thresholds)
      if (!ok) events.onFailure(kind, message)
      decide(before)
      if (live) timer = setTimeout(() => void tick(), Math.max(0, asked + periodSeconds * 1_000 - performance.now()))
    }
    const decide = (before: typeof state.result): void => {
      if (kind === 'readiness') {
        if (state.result !== before) events.onReady(state.result === 'success')
      } else if (state.result === 'failure') {
        // Held until the container is started anew.
        end()
        events.onUnhealthy(kind, probe)
      } else if (kind === 'startup' && state.result === 'success') {
        end()
        started()
      }
    }
    const end = (): void => {
      live = false
      clearTimeout(timer)
      loops.delete(kind)
    }
    loops.set(kind, end)
    timer = setTimeout(() => void tick(), Math.max(0, begun + initialDelaySeconds * 1_000 - performance.now()))
  }
  const started = (): void => {
    if (stopped) return
    events.onStarted()
    if (readiness) loop('readiness', readiness)
    else events.onReady(true)
    if (liveness) loop('liveness', liveness)
  }
  if (startup) loop('startup', startup)
  else started()
  return {
    onlyReadiness: () => {
      loops.get('startup')?.()
      loops.get('liveness')?.()
    },
    stop: () => {
      stopped = true
      for (const end of loops.values()) end()
    },
  }
}
