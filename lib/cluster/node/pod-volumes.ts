import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { V1Container, V1Pod, V1Volume } from '../../kube/pod-types.ts'
import { writeAtomically } from './atomic-dir.ts'
import type { Credentials } from './credentials.ts'
import type { Addressed } from './field-ref.ts'
import { objectKey, type ObjectCache } from './object-cache.ts'
import { type Mount, rewriteLoopback, rewritePaths } from './rewrite.ts'
import { configMapFiles, downwardFiles, type Payload, secretFiles, VolumeProblem } from './volume-payload.ts'

export interface VolumeInput {
  pod: V1Pod
  /** The folder of the pod's volumes. */
  folder: string
  addresses: Addressed
  objects: ObjectCache
  credentials: Credentials
  /** Of all containers of the pod: for the text of ConfigMaps. */
  mounts: readonly Mount[]
}

/** Writes all volumes as they are now; what did not change is left alone. Throws VolumeProblem where one cannot be made. */
export const writeVolumes = async (input: VolumeInput): Promise<void> => {
  for (const volume of input.pod.spec?.volumes ?? []) {
    try {
      await writeVolume(input, volume)
    } catch (error) {
      if (!(error instanceof VolumeProblem)) throw error
      throw new VolumeProblem(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`)
    }
  }
}

/** The ConfigMaps and Secrets that the pod's volumes are made of, as the cache names them. */
export const volumeSources = (pod: V1Pod): Set<string> => {
  const namespace = pod.metadata?.namespace ?? ''
  const volumes = pod.spec?.volumes ?? []
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? [])
  const configMaps = [...volumes, ...sources].map(({ configMap }) => configMap?.name)
  const secrets = [...volumes.map(({ secret }) => secret?.secretName), ...sources.map(({ secret }) => secret?.name)]
  const keys = [
    ...configMaps.map((name) => name && objectKey('configmaps', namespace, name)),
    ...secrets.map((name) => name && objectKey('secrets', namespace, name)),
  ]
  return new Set(keys.filter((key): key is string => Boolean(key)))
}

/** Where a container's mounts really are. */
export const containerMounts = ({ volumeMounts = [] }: V1Container, folder: string): Mount[] =>
  volumeMounts.map(({ name, mountPath, subPath = '' }) => ({ path: mountPath, real: join(folder, name, subPath) }))

/** A subPath that nothing is at becomes a folder, as the kubelet makes it. */
export const makeSubPaths = async (mounts: readonly Mount[]): Promise<void> => {
  for (const { real } of mounts) {
    const found = await stat(real).catch(() => null)
    if (found === null) await mkdir(real, { recursive: true })
  }
}

// --- Internal helpers ---

const MODE = 0o644

const writeVolume = async (input: VolumeInput, volume: V1Volume): Promise<void> => {
  const folder = join(input.folder, volume.name)
  if (volume.emptyDir) await mkdir(folder, { recursive: true })
  else await writeAtomically(folder, await volumeFiles(input, volume))
}

const volumeFiles = async (input: VolumeInput, volume: V1Volume): Promise<Payload> => {
  const { pod, addresses } = input
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap) return await fromConfigMap(input, { ...configMap, name: configMap.name ?? '' }, configMap.defaultMode)
  if (secret) return await fromSecret(input, { ...secret, name: secret.secretName ?? '' }, secret.defaultMode)
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], pod, addresses, downwardAPI.defaultMode ?? MODE)
  if (!projected) {
    const kind = Object.keys(volume).find((key) => key !== 'name')
    throw new VolumeProblem(
      `the embedded cluster has no ${kind} volumes: use configMap, secret, emptyDir, downwardAPI or projected`,
    )
  }
  const files: Payload = new Map()
  const mode = projected.defaultMode ?? MODE
  for (const source of projected.sources ?? []) {
    const part = source.configMap
      ? await fromConfigMap(input, { ...source.configMap, name: source.configMap.name ?? '' }, mode)
      : source.secret
        ? await fromSecret(input, { ...source.secret, name: source.secret.name ?? '' }, mode)
        : source.downwardAPI
          ? downwardFiles(source.downwardAPI.items ?? [], pod, addresses, mode)
          : source.serviceAccountToken
            ? await tokenFile(input, source.serviceAccountToken)
            : new Map()
    for (const [path, file] of part) files.set(path, file)
  }
  return files
}

interface Source {
  name: string
  items?: { key: string; path: string; mode?: number }[]
  optional?: boolean
}

const selection = (kind: string, { name, items, optional }: Source, mode: number | undefined) => ({
  ...(items === undefined ? {} : { items }),
  ...(optional === undefined ? {} : { optional }),
  mode: mode ?? MODE,
  what: `${kind} "${name}"`,
})

const fromConfigMap = async (input: VolumeInput, source: Source, mode: number | undefined): Promise<Payload> => {
  const { pod, objects, mounts, addresses } = input
  const object = await objects.read('configmaps', pod.metadata?.namespace ?? '', source.name)
  const paths = rewritePaths(mounts)
  // Addresses first: a real path may hold the digits of one.
  const rewrite = (text: string): string => paths(rewriteLoopback(text, addresses.podIP))
  return configMapFiles(object, selection('configmap', source, mode), rewrite)
}

const fromSecret = async (input: VolumeInput, source: Source, mode: number | undefined): Promise<Payload> => {
  const object = await input.objects.read('secrets', input.pod.metadata?.namespace ?? '', source.name)
  return secretFiles(object, selection('secret', source, mode))
}

const tokenFile = async (
  { credentials }: VolumeInput,
  { audience, path }: { audience?: string; path: string },
): Promise<Payload> => {
  const token = await credentials.token(audience ?? '').catch((error: unknown) => {
    throw new VolumeProblem(`failed to fetch token: ${String(error)}`)
  })
  return new Map([[path, { data: Buffer.from(token), mode: 0o600 }]])
}
