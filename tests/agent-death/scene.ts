import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startController } from '../../chaos/controller/controller.ts'
import { createFault } from '../../chaos/controller/fault-store.ts'
import { installCrd } from '../../chaos/controller/install.ts'
import type { ControllerEvent } from '../../chaos/controller/context.ts'
import { stopCluster } from '../../lib/cluster/cluster.ts'
import { connect } from '../../lib/kube/client.ts'
import { rawClient } from '../../lib/kube/raw.ts'
import { STACK_NAMESPACE } from '../../stack/target.ts'
import { takeSnapshot } from '../crash/snapshot.ts'
import type { Scene } from '../crash/life.ts'
import { gpuObserver, gpusNow } from './gpus.ts'
import { containersNow, killAgent } from './processes.ts'
import { allReady, podsOf, untilAgain } from './restarts.ts'
import { deployServing, startSmallCluster } from './stack.ts'

/** An embedded cluster that serves, with a controller, and a node agent that can be killed. */
export interface AgentScene extends Scene, AsyncDisposable {
  /** Told of all that the controller does; awaited before it does it. */
  onEvent(event: ControllerEvent): void | Promise<void>
  /**
   * Resolves when it is dead; `back` when there is another (milliseconds since the epoch), `again` when that one has started, or
   * given up, all that ran.
   */
  killAgent(): Promise<{ back: Promise<number>; again: Promise<void> }>
  allReady(): Promise<void>
}

export const openScene = async (name: string): Promise<AgentScene> => {
  await using started = new AsyncDisposableStack()
  const stateRoot = await mkdtemp(join(tmpdir(), `firedrill-${name}-`))
  started.defer(() => rm(stateRoot, { recursive: true, force: true }))
  const ref = { name, stateRoot }
  const cluster = await startSmallCluster(ref)
  started.defer(async () => void (await stopCluster(ref)))
  const kube = connect({ kubeconfig: cluster.kubeconfig })
  await installCrd(kube)
  await deployServing(kube)
  const raw = rawClient(kube)
  const namespace = STACK_NAMESPACE
  const scene: AgentScene = {
    kube,
    drill: { namespace, create: (fault) => createFault(kube, fault) },
    snapshot: async () =>
      new Map([
        ...(await takeSnapshot(raw, namespace)),
        ...(await gpusNow(cluster)),
        ...containersNow(cluster, await podsOf(kube)),
      ]),
    onEvent: () => undefined,
    killAgent: async () => {
      const ran = await podsOf(kube)
      const { back } = await killAgent(cluster)
      return { back: back.then(Date.now), again: back.then(() => untilAgain(kube, ran)) }
    },
    allReady: () => allReady(kube, namespace),
    [Symbol.asyncDispose]: () => stops.disposeAsync(),
  }
  const controller = await startController({
    kube,
    namespace,
    observe: gpuObserver(cluster),
    holder: name,
    onEvent: (event) => scene.onEvent(event),
  })
  started.defer(() => controller.stop())
  const stops = started.move()
  return scene
}
