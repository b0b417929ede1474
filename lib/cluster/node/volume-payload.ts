import { createHash } from 'node:crypto'
import type { V1ConfigMap, V1Pod, V1Secret } from '../../kube/pod-types.ts'
import { type Addressed, fieldValue } from './field-ref.ts'

export interface PayloadFile {
  data: Buffer
  mode: number
}

/** The files of one volume by path inside it. */
export type Payload = Map<string, PayloadFile>

interface Item {
  key: string
  path: string
  mode?: number
}

interface Selection {
  items?: Item[]
  mode: number
  optional?: boolean
  /** For messages: `configmap "x"`. */
  what: string
}

/** A volume that cannot be made yet; the message goes into a FailedMount event. */
export class VolumeProblem extends Error {
  override name = 'VolumeProblem'
}

/** ConfigMap text passes through `rewrite`; binary data does not. */
export const configMapFiles = (
  object: V1ConfigMap | null,
  selection: Selection,
  rewrite: (text: string) => string,
): Payload => {
  const all = new Map<string, Buffer>()
  for (const [key, text] of Object.entries(object?.data ?? {})) all.set(key, Buffer.from(rewrite(text)))
  for (const [key, data] of Object.entries(object?.binaryData ?? {})) all.set(key, Buffer.from(data, 'base64'))
  return select(object !== null, all, selection)
}

export const secretFiles = (object: V1Secret | null, selection: Selection): Payload => {
  const all = new Map<string, Buffer>()
  for (const [key, data] of Object.entries(object?.data ?? {})) all.set(key, Buffer.from(data, 'base64'))
  return select(object !== null, all, selection)
}

export const downwardFiles = (
  items: { path: string; fieldRef?: { fieldPath: string }; mode?: number }[],
  pod: V1Pod,
  addresses: Addressed,
  mode: number,
): Payload => {
  const files: Payload = new Map()
  for (const item of items) {
    const value = item.fieldRef && fieldValue(pod, item.fieldRef.fieldPath, addresses)
    if (typeof value !== 'string') throw new VolumeProblem(`unsupported downwardAPI item ${item.path}`)
    files.set(item.path, { data: Buffer.from(value), mode: item.mode ?? mode })
  }
  return files
}

/** Equal where the files are, whatever the order they were put in. */
export const payloadHash = (payload: Payload): string => {
  const hash = createHash('sha256')
  for (const [path, { data, mode }] of [...payload].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\0${mode}\0${data.length}\0`).update(data)
  }
  return hash.digest('hex')
}

// --- Internal helpers ---

const select = (found: boolean, all: Map<string, Buffer>, { items, mode, optional, what }: Selection): Payload => {
  if (!found && !optional) throw new VolumeProblem(`${what} not found`)
  const files: Payload = new Map()
  if (items === undefined) {
    for (const [key, data] of all) files.set(key, { data, mode })
    return files
  }
  for (const item of items) {
    const data = all.get(item.key)
    if (data !== undefined) files.set(item.path, { data, mode: item.mode ?? mode })
    else if (!optional) throw new VolumeProblem(`${what} references non-existent config key: ${item.key}`)
  }
  return files
}
