import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import type { Manifest } from '../lib/kube/apply.ts'
import { type EmbeddedOptions, forEmbedded } from './embedded.ts'
import { editConfigMap } from './manifest.ts'
import { forProfile } from './pace.ts'
import type { StackProfile } from './profiles.ts'

export interface RenderOptions {
  profile: StackProfile
  /** Prometheus rule files by file name (`….yaml`). */
  rules: Record<string, string>
  /** The gateway's flag document (flagd schema). */
  flags: string
  /** The cluster whose nodes run pods as local processes; null for any other. */
  embedded: EmbeddedOptions | null
}

/** The objects of the stack, in the order in which they are to be applied. */
export const renderStack = ({ profile, rules, flags, embedded }: RenderOptions): Manifest[] => {
  const manifests = [...readManifests('.'), ...(embedded === null ? [] : readManifests('embedded'))]
    .map(editConfigMap('firedrill-rules', () => rules))
    .map(editConfigMap('feature-flags', () => ({ 'flags.json': flags })))
    .map((manifest) => forProfile(manifest, profile))
  return inOrder(embedded === null ? manifests : forEmbedded(manifests, embedded))
}

// --- Internal helpers ---

const DIRECTORY = fileURLToPath(new URL('manifests', import.meta.url))

const readManifests = (folder: string): Manifest[] => {
  const path = join(DIRECTORY, folder)
  const files = readdirSync(path).filter((name) => name.endsWith('.yaml'))
  return files.sort().flatMap((name) => parseManifests(readFileSync(join(path, name), 'utf8'), name))
}

const parseManifests = (text: string, name: string): Manifest[] =>
  parseAllDocuments(text).map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(`stack/manifests/${name}: ${error.message}`)
    // Our own files: tests hold every one of them against the API server's schema.
    return document.toJS() as Manifest
  })

/** What others refer to comes first. */
const ORDER = ['Namespace', 'ServiceAccount', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'ConfigMap']

const inOrder = (manifests: Manifest[]): Manifest[] => {
  const rank = ({ kind = '' }: Manifest): number => (ORDER.indexOf(kind) + ORDER.length + 1) % (ORDER.length + 1)
  return manifests.toSorted((a, b) => rank(a) - rank(b))
}
