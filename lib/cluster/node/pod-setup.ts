import { once } from 'node:events'
import { join } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import type { V1Pod } from '../../kube/pod-types.ts'
import { type Credentials, createCredentials } from './credentials.ts'
import { pause } from './pause.ts'
import type { PodHost } from './pod-host.ts'
import { volumeSources, writeVolumes } from './pod-volumes.ts'
import { podMounts } from './start-container.ts'

export interface PodFiles {
  kubeconfig: string | null
  /** The pod has changed: its downward API files may have to. */
  refresh(): void
  stop(): void
}

const RETRY_MS = 10_000
const ADDRESS_RETRY_MS = 1_000

/** The pod's address: the node's with the host's network, else one of its own. Null where the pod stops before there is one. */
export const acquireAddress = async (host: PodHost): Promise<string | null> => {
  if (host.pod().spec?.hostNetwork) return host.node.address
  while (!host.stopping.aborted) {
    const address = host.context.addresses.acquire()
    if (address !== null) return address
    host.event({ type: 'Warning', reason: 'FailedCreatePodSandBox', message: 'all pod addresses are in use' })
    await pause(ADDRESS_RETRY_MS, host.stopping)
  }
  return null
}

/**
 * Writes the pod's kubeconfig and volumes, waiting for what they need, and from then on keeps them up to date: a changed
 * ConfigMap or Secret, pod metadata, a renewed token. Null where the pod stops before that.
 */
export const preparePodFiles = async (host: PodHost): Promise<PodFiles | null> => {
  const { context, folder, stopping } = host
  let queue: Promise<unknown> = Promise.resolve()
  const credentials = createCredentials(context, host.pod(), join(folder, 'account'), () => update())
  const kubeconfig = wantsToken(host.pod()) ? join(folder, 'account', 'kubeconfig') : null
  const sources = volumeSources(host.pod())

  const write = (): Promise<void> => writeAll(host, credentials, kubeconfig)
  const update = (): void => {
    // A volume that can no longer be made keeps what it had.
    queue = queue.then(write).catch((error: unknown) => context.log(`${podName(host)}: ${errorMessage(error)}`))
  }
  const onChange = (key: string): void => {
    if (sources.has(key)) update()
  }
  for (;;) {
    if (stopping.aborted) {
      credentials.stop()
      return null
    }
    const failed = await trySetup(write, kubeconfig === null ? null : credentials)
    if (failed === null) break
    host.event({ type: 'Warning', reason: 'FailedMount', message: failed })
    await nextChange(host, sources)
  }
  context.objects.changes.on('change', onChange)
  return {
    kubeconfig,
    refresh: update,
    stop: () => {
      context.objects.changes.off('change', onChange)
      credentials.stop()
    },
  }
}

// --- Internal helpers ---

const podName = (host: PodHost): string => `${host.pod().metadata?.namespace}/${host.pod().metadata?.name}`

/** The API server adds a token volume to each pod that is to have one. */
const wantsToken = ({ spec }: V1Pod): boolean =>
  (spec?.volumes ?? []).some(({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken))

const writeAll = async (host: PodHost, credentials: Credentials, kubeconfig: string | null): Promise<void> => {
  const pod = host.pod()
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  await writeVolumes({
    pod,
    folder: join(host.folder, 'volumes'),
    addresses: { podIP: host.podIP(), hostIP: host.node.address },
    objects: host.context.objects,
    credentials,
    mounts: [...containers, ...initContainers].flatMap((container) => podMounts(host, container, kubeconfig)),
  })
}

const trySetup = async (write: () => Promise<void>, credentials: Credentials | null): Promise<string | null> => {
  try {
    await Promise.all([write(), credentials?.writeKubeconfig()])
    return null
  } catch (error) {
    return errorMessage(error)
  }
}

const nextChange = async ({ context, stopping }: PodHost, sources: Set<string>): Promise<void> => {
  const done = new AbortController()
  const signal = AbortSignal.any([stopping, done.signal])
  const change = async (): Promise<void> => {
    for (;;) {
      const [key] = await once(context.objects.changes, 'change', { signal })
      if (sources.has(key)) return
    }
  }
  await Promise.race([change().catch(() => undefined), pause(RETRY_MS, signal)])
  done.abort()
}
