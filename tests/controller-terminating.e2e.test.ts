import { expect, test } from 'vitest'
import { healAll } from '../chaos/controller/heal-all.ts'
import { readFault } from '../chaos/controller/fault-store.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { startDrill } from './support/drill.ts'
import { faultOf } from './support/target.ts'

let plane: ControlPlane

sharePlane((started) => {
  plane = started
})

test.each(['the controller that was there', 'heal'])(
  'a namespace that is being deleted is let go by %s',
  async (who) => {
    const { kube } = plane
    await using drill = await startDrill(kube, who === 'heal' ? 'going-healed' : 'going')
    const { namespace } = drill
    const controller = await drill.controller()
    const fault = await drill.create(faultOf(namespace, 'kill', { kind: 'pod-kill', durationSeconds: 600 }))
    await drill.reached(fault, 'Active')
    if (who === 'heal') await controller.stop()
    // The kubelet that is played binds no pod in such a namespace: none is made any more.
    await kube.apps.deleteNamespacedDeployment({ namespace, name: 'vllm' })
    await expect
      .poll(async () => (await kube.core.listNamespacedPod({ namespace })).items, { timeout: 30_000 })
      .toEqual([])
    await kube.core.deleteNamespace({ name: namespace })
    const lease = () => kube.coordination.listNamespacedLease({ namespace })
    if (who === 'heal') {
      await expect.poll(async () => (await lease()).items.length, { timeout: 30_000 }).toBe(0)
      expect(await healAll({ kube, namespace, holder: 'somewhere/4/4', timeoutMs: 20_000 })).toMatchObject({
        unhealed: [],
      })
    }
    await expect.poll(() => readFault(kube, fault.metadata), { timeout: 30_000 }).toBeNull()
  },
)
