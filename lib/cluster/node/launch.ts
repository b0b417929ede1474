import type { V1ConfigMap, V1Container, V1Pod, V1Secret } from '../../kube/pod-types.ts'
import { clusterEnv, type ImageMap, type NodeSpec } from '../types.ts'
import { ContainerProblem, containerEnv } from './env.ts'
import { expand } from './expansion.ts'
import type { Addressed } from './field-ref.ts'
import { gpuEnv } from './gpu-env.ts'
import { findProgram } from './image.ts'
import type { Launch } from './instance.ts'
import { CONTAINER_ENV } from './leftovers.ts'
import { type Mount, rewritePaths } from './rewrite.ts'
import { toolFolder } from './tools.ts'

export interface LaunchInput {
  pod: V1Pod
  container: V1Container
  node: NodeSpec
  addresses: Addressed
  images: ImageMap
  clusterId: string
  marker: string
  hostEnv: Record<string, string>
  /** Null where the pod wants no service account token. */
  kubeconfig: string | null
  mounts: readonly Mount[]
  /** The folder that stands for the container's own file system. */
  home: string
  configMap(name: string): V1ConfigMap | null
  secret(name: string): V1Secret | null
}

/** The process that a container is. Throws ContainerProblem with the reason that the pod's status shows. */
export const containerLaunch = (input: LaunchInput): Launch => {
  const { pod, container, node, addresses, hostEnv } = input
  const own = container.command ?? []
  const program = findProgram(input.images, container.image ?? '')
  if (own.length === 0 && program === null) {
    throw new ContainerProblem('ErrImagePull', `image "${container.image}" names no program of this cluster`)
  }
  const rewrite = rewritePaths(input.mounts)
  const base: Record<string, string> = {
    ...hostEnv,
    ...(program?.tools === undefined ? {} : { PATH: `${toolFolder(input.home)}:${hostEnv['PATH'] ?? ''}` }),
    ...(own.length === 0 ? program?.env : {}),
    ...(input.kubeconfig === null ? {} : { KUBECONFIG: input.kubeconfig }),
    HOSTNAME: hostname(pod, node),
    ...gpuEnv(pod, container, node.address),
  }
  const variables = containerEnv({
    pod,
    container,
    addresses,
    capacity: node.capacity,
    configMap: input.configMap,
    secret: input.secret,
    base,
    rewrite,
  })
  const resolve = (text: string): string => rewrite(expand(text, (name) => variables[name]))
  const command = own.length > 0 ? own.map(resolve) : (program?.command ?? [])
  return {
    argv: [...command, ...(container.args ?? []).map(resolve)],
    // Above everything: by these the processes are found again.
    env: { ...variables, ...clusterEnv(input.clusterId), [CONTAINER_ENV]: input.marker },
    cwd: workingDir(container, input, rewrite),
  }
}

// --- Internal helpers ---

const hostname = ({ metadata, spec }: V1Pod, node: NodeSpec): string =>
  spec?.hostNetwork ? node.name : (spec?.hostname ?? metadata?.name ?? '')

/** A working directory that no volume provides exists in an image only: the container's own folder stands for it. */
const workingDir = ({ workingDir: asked }: V1Container, { home }: LaunchInput, rewrite: (text: string) => string) => {
  if (asked === undefined) return home
  const real = rewrite(asked)
  return real === asked ? home : real
}
