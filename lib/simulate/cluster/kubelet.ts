import { type Backoff, nextRestart } from '../../cluster/node/backoff.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Pod, PodStore } from './pod.ts'

/** One run of a container's program. */
export interface Running {
  /** Whether a probe would be answered well now. */
  isHealthy(): boolean
  terminate(): void
  kill(): void
}

export interface KubeletOptions {
  clock: Clockwork
  pods: PodStore
  /** Begins a run of the pod's program. */
  start(pod: Pod, onExit: (exitCode: number) => void): Running
  probePeriodMs(pod: Pod): number
  /** Whether an ended container is started again. */
  restarts(pod: Pod): boolean
}

export interface Kubelet {
  /** Brings a bound pod up, and keeps it so. */
  run(pod: Pod): void
  /** Grace 0 kills at once. The pod is gone from the API when its program has ended. */
  delete(pod: Pod, graceMs: number): void
}

/** As measured on the embedded cluster. */
const CREATING_MS = 10
const STARTING_MS = 30
/** One answered probe, and the status on its way to the API server. */
const PROBE_MS = 10
/** From a container's end to the start of the next, where there is no back-off. */
const RESTART_MS = 20
/** The kubelet's own limits. */
const BACKOFF = { base: 10_000, max: 300_000 }

/** The node agent's part: containers, probes on whole periods since the start, restarts with the kubelet's back-off. */
export const createKubelet = ({ clock, pods, start, probePeriodMs, restarts }: KubeletOptions): Kubelet => {
  const lives = new Map<Pod, { running: Running | null; isOver: boolean }>()

  const run = (pod: Pod): void => {
    const life: { running: Running | null; isOver: boolean } = { running: null, isOver: false }
    lives.set(pod, life)
    let backoff: Backoff | null = null

    const begin = (attempt: number): void => {
      if (life.isOver) return
      pod.phase = 'Running'
      pod.reason = null
      pod.restarts = attempt
      let hasEnded = false
      const running = start(pod, (exitCode) => {
        hasEnded = true
        life.running = null
        if (life.isOver) return forget(pod)
        ended(attempt, exitCode)
      })
      life.running = running
      pods.changed(pod)
      const probe = (): void => {
        if (hasEnded || life.isOver) return
        const ready = running.isHealthy()
        if (ready !== pod.ready) {
          clock.after(PROBE_MS, () => {
            if (hasEnded || life.isOver) return
            pod.ready = ready
            pods.changed(pod)
          })
        }
        clock.after(probePeriodMs(pod), probe)
      }
      probe()
    }
    const ended = (attempt: number, exitCode: number): void => {
      pod.ready = false
      pod.exitCode = exitCode
      pod.reason = exitCode === 0 ? 'Completed' : 'Error'
      pods.changed(pod)
      if (!restarts(pod)) return
      const next = nextRestart(backoff, clock.now(), BACKOFF)
      backoff = next.backoff
      if (next.waitMs > 0) {
        pod.reason = 'CrashLoopBackOff'
        pods.changed(pod)
      }
      clock.after(Math.max(next.waitMs, RESTART_MS), () => begin(attempt + 1))
    }
    clock.after(CREATING_MS, () => {
      if (life.isOver) return
      pod.reason = 'ContainerCreating'
      pods.changed(pod)
      clock.after(STARTING_MS, () => begin(0))
    })
  }
  const forget = (pod: Pod): void => {
    lives.delete(pod)
    pods.remove(pod)
  }
  return {
    run,
    delete: (pod, graceMs) => {
      if (pod.isDeleting && graceMs > 0) return
      pod.isDeleting = true
      pods.changed(pod)
      const life = lives.get(pod)
      const running = life?.running ?? null
      if (life !== undefined) life.isOver = true
      if (running === null) return forget(pod)
      if (graceMs <= 0) return running.kill()
      running.terminate()
      clock.after(graceMs, () => running.kill())
    },
  }
}
