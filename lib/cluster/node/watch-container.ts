import type { V1Probe } from '../../kube/pod-types.ts'
import type { Exit, Instance } from './instance.ts'
import type { PodHost, Running } from './pod-host.ts'
import { type ProbeTarget, runHandler } from './probe-run.ts'
import { startProber } from './prober.ts'
import { parseQuantity } from '../../core/quantity.ts'
import type { ContainerRecord } from './records.ts'
import { stopContainer } from './stop-container.ts'

/** Probes, memory limit and hooks of one run of a container; resolves when it has ended. */
export const watchContainer = async (
  host: PodHost,
  record: ContainerRecord,
  { instance, target }: { instance: Instance; target: ProbeTarget },
): Promise<Exit> => {
  const { container } = target
  const { name } = container
  host.event({ type: 'Normal', reason: 'Started', message: `Started container ${name}`, container: name })

  const kill = (message: string, graceMs: number): void => {
    host.event({ type: 'Normal', reason: 'Killing', message, container: name })
    void stopContainer(running, graceMs)
  }
  const prober = startProber(
    { startup: container.startupProbe, readiness: container.readinessProbe, liveness: container.livenessProbe },
    (probe, timeoutMs) => runHandler(target, probe, timeoutMs),
    {
      onStarted: () => {
        record.started = true
        host.changed()
      },
      onReady: (ready) => {
        record.ready = ready
        host.changed()
      },
      onFailure: (kind, message) => {
        const text = `${kind[0]?.toUpperCase()}${kind.slice(1)} probe failed: ${message}`
        host.event({ type: 'Warning', reason: 'Unhealthy', message: text, container: name })
      },
      onUnhealthy: (kind, probe: V1Probe) => {
        const graceMs = (probe.terminationGracePeriodSeconds ?? host.graceMs() / 1_000) * 1_000
        kill(`Container ${name} failed ${kind} probe, will be restarted`, graceMs)
      },
    },
  )
  const running: Running = { record, container, instance, target, prober, stopping: false }
  host.running.set(name, running)
  const unwatchMemory = watchMemory(host, running)
  const hook = container.lifecycle?.postStart
  if (hook) {
    void runHandler(target, hook, HOOK_MS).then(({ ok, message }) => {
      if (ok || host.running.get(name) !== running) return
      host.event({ type: 'Warning', reason: 'FailedPostStartHook', message, container: name })
      kill(`FailedPostStartHook`, host.graceMs())
    })
  }
  // The pod began to stop while this was being started.
  if (host.stopping.aborted) void stopContainer(running, host.graceMs())

  const exit = await instance.exit
  prober.stop()
  unwatchMemory()
  host.running.delete(name)
  record.started = false
  record.ready = false
  return exit
}

// --- Internal helpers ---

const HOOK_MS = 300_000

const watchMemory = (host: PodHost, { container, instance }: Running): (() => void) => {
  const limit = parseQuantity(container.resources?.limits?.['memory'] ?? '')
  if (limit === null || limit <= 0) return () => undefined
  return host.context.memory.watch(instance.pid, limit, (bytes) => {
    const mib = Math.round(bytes / 2 ** 20)
    host.event({
      type: 'Warning',
      reason: 'OOMKilling',
      message: `Memory limit reached: container ${container.name} holds ${mib} MiB, its limit is ${Math.round(limit / 2 ** 20)} MiB`,
      container: container.name,
    })
    instance.killForMemory()
  })
}
