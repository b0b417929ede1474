import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { CLUSTER_ENV } from './contract.ts'

/** Where everything of a cluster lies; all paths are absolute. */
export interface StateDir {
  /** The folder itself, which is also the cluster's id. */
  id: string
  /** Says that firedrill made this folder and may remove it: written first, removed last. */
  marker: string
  /** What the supervisor is told to run. */
  plan: string
  /** Written once the cluster is ready: what `findCluster` reads. */
  info: string
  /** Written when a part died: why the cluster is down. */
  failure: string
  kubeconfig: string
  agentConfig: string
  pki: string
  pods: string
  logs: string
}

/** The state dir of the cluster `name`, whether it exists or not. */
export const stateDirOf = (stateRoot: string, name: string): StateDir => {
  if (!NAME.test(name))
    throw new UserError({
      code: 'cluster-name-invalid',
      message: `expected a cluster name of at most 40 lower-case letters, digits and "-", found "${name}"`,
      hint: 'choose another name with --name',
    })
  const root = resolve(stateRoot)
  // One folder, one id: the id must not depend on the way that the folder is named.
  const id = join(existsSync(root) ? realpathSync(root) : root, name)
  const file = (path: string): string => join(id, path)
  return {
    id,
    marker: file('.firedrill-cluster'),
    plan: file('plan.json'),
    info: file('cluster.json'),
    failure: file('failure.json'),
    kubeconfig: file('kubeconfig'),
    agentConfig: file('agent.json'),
    pki: file('pki'),
    pods: file('pods'),
    logs: file('logs'),
  }
}

/** Makes the folder, readable by the user only. */
export const createStateDir = (dir: StateDir): void => {
  mkdirSync(dir.id, { recursive: true, mode: 0o700 })
  chmodSync(dir.id, 0o700)
  writePrivate(dir.marker, `${CLUSTER_ENV}\n`)
  for (const folder of [dir.pki, dir.pods, dir.logs]) mkdirSync(folder, { mode: 0o700 })
}

/**
 * Removes the folder with all that is in it, and refuses one that firedrill did not make.
 * @returns false where there was none
 */
export const removeStateDir = (dir: StateDir): boolean => {
  if (!existsSync(dir.id)) return false
  const entries = readdirSync(dir.id)
  if (entries.length > 0 && !existsSync(dir.marker))
    throw new UserError({
      code: 'state-dir-foreign',
      message: `expected a cluster's folder or none at ${dir.id}, found one with other files`,
      hint: 'choose another cluster name or state folder, or move that folder away',
    })
  for (const entry of entries)
    if (join(dir.id, entry) !== dir.marker) rmSync(join(dir.id, entry), { recursive: true, force: true, maxRetries: 3 })
  rmSync(dir.id, { recursive: true, force: true })
  return true
}

/** Whole or not at all, mode 0600. */
export const writePrivate = (path: string, text: string): void => {
  const part = `${path}.part`
  writeFileSync(part, text, { mode: 0o600 })
  renameSync(part, path)
}

export const writeJson = (path: string, value: unknown): void => {
  writePrivate(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** Null where the file is missing, broken, or of another version of firedrill. */
export const readJson = <T>(path: string, schema: z.ZodType<T>): T | null => {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}

// --- Internal helpers ---

const NAME = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/
