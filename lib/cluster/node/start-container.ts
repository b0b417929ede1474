import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { V1ConfigMap, V1Container, V1Secret } from '../../kube/pod-types.ts'
import { ContainerProblem } from './env.ts'
import { findProgram } from './image.ts'
import { type Instance, startInstance } from './instance.ts'
import { containerLaunch } from './launch.ts'
import { createLogFile, type LogFile } from './log-file.ts'
import type { PodHost } from './pod-host.ts'
import { containerMounts, makeSubPaths } from './pod-volumes.ts'
import type { ProbeTarget } from './probe-run.ts'
import { type Mount, rewritePaths } from './rewrite.ts'
import { writeTools } from './tools.ts'

/** Where manifests for the embedded cluster find the pod's kubeconfig, beside its token. */
export const KUBECONFIG_PATH = '/var/run/secrets/kubernetes.io/serviceaccount/kubeconfig'
const TERMINATION_LOG = '/dev/termination-log'
const MESSAGE_BYTES = 4_096
const FALLBACK_BYTES = 2_048

/** The pod's folders for volumes, and the files that stand for well-known paths. */
export const podMounts = (host: PodHost, container: V1Container, kubeconfig: string | null): Mount[] => [
  ...containerMounts(container, join(host.folder, 'volumes')),
  ...(kubeconfig === null ? [] : [{ path: KUBECONFIG_PATH, real: kubeconfig }]),
  { path: container.terminationMessagePath ?? TERMINATION_LOG, real: terminationLog(host, container) },
]

/** Starts one run of a container. Throws ContainerProblem where it cannot be started as it is. */
export const startContainer = async (
  host: PodHost,
  container: V1Container,
  attempt: number,
): Promise<{ instance: Instance; target: ProbeTarget }> => {
  const { context, node } = host
  const pod = host.pod()
  const podIP = host.podIP()
  const home = join(host.folder, 'containers', container.name)
  const kubeconfig = host.kubeconfig()
  const mounts = podMounts(host, container, kubeconfig)
  if (container.volumeMounts?.some(({ subPathExpr }) => subPathExpr !== undefined)) {
    throw new ContainerProblem('CreateContainerConfigError', 'the embedded cluster has no subPathExpr: use subPath')
  }
  const references = await readReferences(host, container)
  const marker = `${pod.metadata?.uid}/${container.name}/${attempt}`
  const launch = containerLaunch({
    pod,
    container,
    node,
    addresses: { podIP, hostIP: node.address },
    images: context.config.images,
    clusterId: context.config.clusterId,
    marker,
    hostEnv: context.hostEnv,
    kubeconfig,
    mounts,
    home,
    ...references,
  })
  await mkdir(home, { recursive: true })
  await writeTools(home, findProgram(context.config.images, container.image ?? '')?.tools ?? {})
  await rm(terminationLog(host, container), { force: true })
  await makeSubPaths(containerMounts(container, join(host.folder, 'volumes')))
  const log = openLog(host, container.name, attempt)
  const instance = await startInstance({
    launch,
    log,
    clusterId: context.config.clusterId,
    marker,
    kill: context.kill,
    now: context.now,
  })
  return { instance, target: { container, podIP, launch, rewrite: rewritePaths(mounts), kill: context.kill } }
}

/** What the container left in its termination log, or at the end of its log where it asks for that. */
export const terminationMessage = async (host: PodHost, container: V1Container, exitCode: number): Promise<string> => {
  const written = await readFile(terminationLog(host, container)).catch(() => Buffer.alloc(0))
  if (written.length > 0) return written.subarray(0, MESSAGE_BYTES).toString()
  if (exitCode === 0 || container.terminationMessagePolicy !== 'FallbackToLogsOnError') return ''
  const log = host.logs.get(container.name)?.at(-1)
  const text = log ? await readFile(log.file.path, 'utf8').catch(() => '') : ''
  return text
    .slice(-4 * FALLBACK_BYTES)
    .split('\n')
    .map((line) => line.replace(/^\S+ (?:stdout|stderr) [FP] /, ''))
    .join('\n')
    .slice(-FALLBACK_BYTES)
}

// --- Internal helpers ---

const KEPT_LOGS = 2

const terminationLog = ({ folder }: PodHost, { name }: V1Container): string =>
  join(folder, 'containers', name, 'termination-log')

const openLog = ({ context, folder, logs }: PodHost, name: string, attempt: number): LogFile => {
  const path = join(folder, 'logs', name, `${attempt}.log`)
  // A run that could not be started left its empty log.
  const kept = (logs.get(name) ?? []).filter((known) => known.attempt !== attempt)
  const file = createLogFile(path, context.config.logMaxBytes, context.now)
  kept.push({ attempt, file })
  for (const old of kept.splice(0, kept.length - KEPT_LOGS)) old.file.remove()
  logs.set(name, kept)
  return file
}

interface References {
  configMap(name: string): V1ConfigMap | null
  secret(name: string): V1Secret | null
}

/** Everything that the container's variables name, read before they are computed. */
const readReferences = async (host: PodHost, { env = [], envFrom = [] }: V1Container): Promise<References> => {
  const { objects } = host.context
  const namespace = host.pod().metadata?.namespace ?? ''
  const configMaps = new Map<string, V1ConfigMap | null>()
  const secrets = new Map<string, V1Secret | null>()
  const names = [...envFrom.map((from) => from.configMapRef), ...env.map((one) => one.valueFrom?.configMapKeyRef)]
  const secretNames = [...envFrom.map((from) => from.secretRef), ...env.map((one) => one.valueFrom?.secretKeyRef)]
  for (const { name } of names.filter((ref) => ref !== undefined)) {
    if (name) configMaps.set(name, await objects.read('configmaps', namespace, name))
  }
  for (const { name } of secretNames.filter((ref) => ref !== undefined)) {
    if (name) secrets.set(name, await objects.read('secrets', namespace, name))
  }
  return { configMap: (name) => configMaps.get(name) ?? null, secret: (name) => secrets.get(name) ?? null }
}
