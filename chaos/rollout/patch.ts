import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import type { WorkloadFields, WorkloadRef } from '../../lib/core/fault-kube/workload.ts'
import { fieldsOf, type WorkloadDocument } from './document.ts'

/** One operation of a JSON Patch (RFC 6902). */
export interface Operation {
  op: 'add' | 'replace' | 'remove'
  path: string
  value?: unknown
}

/**
 * A JSON Patch, so that nothing goes out but what is changed: client models lose what they do not know. The resourceVersion makes the
 * API server refuse it (409) where somebody has written since.
 */
export const workloadPatch = (
  document: WorkloadDocument,
  workload: Pick<WorkloadRef, 'container'>,
  { fields = {}, mark }: { fields?: WorkloadFields; mark?: string | null },
): Operation[] => [
  { op: 'replace', path: '/metadata/resourceVersion', value: document.metadata.resourceVersion },
  ...(mark === undefined ? [] : marking(document, mark)),
  ...setting(document, workload, fields),
]

/** An annotation on the pod template: the API's own way to say "start them all again". */
export const annotatePods = ({ metadata, spec }: WorkloadDocument, name: string, value: string): Operation[] => {
  const path = '/spec/template/metadata'
  const base: Operation = { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion }
  if (spec.template.metadata === null) return [base, { op: 'add', path, value: { annotations: { [name]: value } } }]
  if (spec.template.metadata.annotations === undefined)
    return [base, { op: 'add', path: `${path}/annotations`, value: { [name]: value } }]
  return [base, { op: 'add', path: `${path}/annotations/${escaped(name)}`, value }]
}

// --- Internal helpers ---

/**
 * A label, not an annotation: a Deployment's controller copies annotations to its ReplicaSets, where the mark would stay for ever, and
 * `kubectl rollout undo` would bring it back.
 */
const marking = ({ metadata: { labels } }: WorkloadDocument, mark: string | null): Operation[] => {
  if (mark === null) return [{ op: 'remove', path: `/metadata/labels/${escaped(FAULT_LABEL)}` }]
  if (Object.keys(labels).length === 0) return [{ op: 'add', path: '/metadata/labels', value: { [FAULT_LABEL]: mark } }]
  return [{ op: 'add', path: `/metadata/labels/${escaped(FAULT_LABEL)}`, value: mark }]
}

const setting = (
  document: WorkloadDocument,
  { container }: Pick<WorkloadRef, 'container'>,
  { replicas, ...fields }: WorkloadFields,
): Operation[] => {
  const scale: Operation[] = replicas === undefined ? [] : [{ op: 'add', path: '/spec/replicas', value: replicas }]
  const now = fieldsOf(document, { container })
  if (now === null) return scale
  const index = document.spec.template.spec.containers.findIndex(({ name }) => name === container)
  const path = `/spec/template/spec/containers/${index}`
  const current: Record<string, unknown> = now
  return [
    ...scale,
    ...Object.entries(fields).flatMap(([field, value]): Operation[] => {
      if (value === undefined) return []
      // `add` replaces what is there.
      if (value !== null) return [{ op: 'add', path: `${path}/${field}`, value }]
      return current[field] === null ? [] : [{ op: 'remove', path: `${path}/${field}` }]
    }),
  ]
}

/** RFC 6901. */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
