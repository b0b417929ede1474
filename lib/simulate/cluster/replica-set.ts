import type { Random } from '../../core/random.ts'
import type { Clockwork } from '../clockwork.ts'
import { newPodName, newUid } from './names.ts'
import type { Kubelet } from './kubelet.ts'
import { NOT_STARTED, type Pod, type PodStore } from './pod.ts'

export interface ReplicaSetOptions {
  clock: Clockwork
  pods: PodStore
  kubelet: Kubelet
  random: Random
  /** Of the ReplicaSet: its pods are called after it. */
  name: string
  replicas: number
  container: string
  image: string
  nodes: readonly string[]
  newIp(): string
}

/** From a pod's deletion being seen to the replacement, and from its creation to its node; as measured. */
const CREATE_MS = 8
const BIND_MS = 3

/** The ReplicaSet's controller and the scheduler, for pods of which a node carries one (each wants the node's GPU). */
export const runReplicaSet = (options: ReplicaSetOptions): void => {
  const { clock, pods, kubelet, random, name, replicas, container, image, nodes, newIp } = options
  const own = (): Pod[] => [...pods.all()].filter(({ owner }) => owner.name === name)

  const create = (): void => {
    const pod: Pod = {
      name: newPodName(name, random),
      uid: newUid(random),
      owner: { kind: 'ReplicaSet', name },
      container,
      image,
      node: null,
      ip: null,
      ...NOT_STARTED,
    }
    pods.add(pod)
    clock.after(BIND_MS, bind)
  }
  /** A pod on its way out still has its GPU. */
  const bind = (): void => {
    const taken = new Set(own().flatMap(({ node }) => node ?? []))
    const free = nodes.filter((node) => !taken.has(node))
    for (const pod of own()) {
      if (pod.node !== null || pod.isDeleting) continue
      const node = free.shift()
      if (node === undefined) return
      pod.node = node
      pod.ip = newIp()
      pods.changed(pod)
      kubelet.run(pod)
    }
  }
  const reconcile = (): void => {
    const missing = replicas - own().filter(({ isDeleting }) => !isDeleting).length
    for (let count = 0; count < missing; count++) create()
  }
  pods.onChange((pod, change) => {
    if (pod.owner.name !== name) return
    if (change === 'deleted') clock.after(BIND_MS, bind)
    if (pod.isDeleting) clock.after(CREATE_MS, reconcile)
  })
  reconcile()
}
