import type { V1Container, V1Pod } from '../../kube/pod-types.ts'
import type { NodeSpec } from '../types.ts'
import type { AgentContext } from './context.ts'
import type { PodEvent } from './events.ts'
import type { Instance } from './instance.ts'
import type { LogFile } from './log-file.ts'
import type { ProbeTarget } from './probe-run.ts'
import type { Prober } from './prober.ts'
import type { ContainerRecord } from './records.ts'

/** A container that runs, with everything that goes on around it. */
export interface Running {
  record: ContainerRecord
  container: V1Container
  instance: Instance
  target: ProbeTarget
  prober: Prober
  /** It has been asked to stop. */
  stopping: boolean
}

/** What the containers of one pod share. */
export interface PodHost {
  context: AgentContext
  node: NodeSpec
  /** The pod's own folder. */
  folder: string
  pod(): V1Pod
  /** Known once containers are started. */
  podIP(): string
  /** Null where the pod wants no token. */
  kubeconfig(): string | null
  /** From now on no container is started. */
  stopping: AbortSignal
  running: Map<string, Running>
  /** The logs of each container's last two runs, the newest last. */
  logs: Map<string, { attempt: number; file: LogFile }[]>
  /** The status is to be computed again. */
  changed(): void
  event(event: PodEvent): void
  /** The pod's own grace period. */
  graceMs(): number
}
