import type { Clock } from '../../lib/core/clock.ts'
import { systemClock } from '../../lib/core/clock.ts'
import type { FaultRegistry, Observer } from '../../lib/core/fault.ts'
import type { FaultPhase, FaultResource } from '../../lib/core/fault-resource.ts'
import { until } from '../../lib/core/until.ts'
import type { Kube } from '../../lib/kube/client.ts'
import type { ControllerEvent } from '../../chaos/controller/context.ts'
import { type Controller, startController } from '../../chaos/controller/controller.ts'
import { createFault, readFault } from '../../chaos/controller/fault-store.ts'
import { servingState } from '../../chaos/controller/serving.ts'
import { NODES, createTarget } from './target.ts'
import type { JobProcesses } from './job-processes.ts'
import { playKubelet } from './kubelet.ts'
import { createNodes } from './nodes.ts'

export interface Drill extends AsyncDisposable {
  kube: Kube
  namespace: string
  events: ControllerEvent[]
  hold: { jobs: boolean }
  controller(options?: Partial<ControllerSettings>): Promise<Controller>
  create(fault: FaultResource): Promise<FaultResource>
  /** Waits until the Fault has this phase, and gives it; throws at once where it has ended otherwise. */
  reached(fault: FaultResource, phase: FaultPhase): Promise<FaultResource>
  allReady(): Promise<void>
}

interface ControllerSettings {
  kube: Kube
  holder: string
  observe: Observer
  faults: FaultRegistry
  whenHeld: 'wait' | 'refuse'
  clock: Clock
  signal: AbortSignal
}

/** A target of its own in a namespace of its own, with a kubelet that plays its nodes. */
export const startDrill = async (kube: Kube, namespace: string, startMs = 500, jobs?: JobProcesses): Promise<Drill> => {
  const ending = new AbortController()
  const events: ControllerEvent[] = []
  await createTarget(kube, namespace)
  const nodes = NODES
  await createNodes(kube, nodes)
  const hold = { jobs: false }
  const kubelet = playKubelet({ kube, namespace, nodes, startMs, hold, jobs, signal: ending.signal })
  const allReady = (): Promise<void> =>
    until(
      async () => {
        const { ready, settled } = await servingState(kube, namespace, 'app=vllm')
        return ready === nodes.length && settled !== false
      },
      { what: 'all pods', timeoutMs: 90_000 },
    )
  await allReady()
  const stops: Controller[] = []
  return {
    kube,
    namespace,
    events,
    hold,
    allReady,
    async controller(options = {}) {
      const controller = await startController({
        kube,
        namespace,
        observe: { query: async () => [] },
        holder: 'test/1/1',
        onEvent: (event) => void events.push(event),
        clock: systemClock,
        ...options,
      })
      stops.push(controller)
      return controller
    },
    create: (fault) => createFault(kube, fault),
    async reached(fault, phase) {
      let found: FaultResource | null = null
      const there = async (): Promise<boolean> => {
        found = await readFault(kube, fault.metadata)
        const now = found?.status?.phase ?? 'Pending'
        if (now !== phase && (now === 'Failed' || now === 'Recovered')) {
          throw new Error(`${fault.metadata.name} ended as ${now}: ${found?.status?.message}`)
        }
        return now === phase
      }
      await until(there, { what: `${fault.metadata.name} to be ${phase}`, timeoutMs: 90_000, everyMs: 100 })
      if (found === null) throw new Error('the Fault is gone')
      return found
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(stops.map((controller) => controller.stop()))
      ending.abort()
      await kubelet
    },
  }
}
