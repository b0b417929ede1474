import { z } from 'zod'
import type { AnyFault } from '../../lib/core/fault.ts'
import { FAULT_GROUP, FAULT_VERSION, FaultSpec, FaultStatus } from '../../lib/core/fault-resource.ts'
import { type Schema, structural } from './structural.ts'

/**
 * The CustomResourceDefinition of Fault, from the zod schemas. Params of all kinds lie side by side in one object: their types
 * are checked by the API server, and so is which of them a kind has and needs; unknown ones are kept, and refused by the
 * controller, which checks strictly: pruned, a mistyped param would silently become its default.
 */
export const faultCrd = (faults: readonly AnyFault[]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `faults.${FAULT_GROUP}` },
  spec: {
    group: FAULT_GROUP,
    scope: 'Namespaced',
    names: {
      kind: 'Fault',
      listKind: 'FaultList',
      plural: 'faults',
      singular: 'fault',
      shortNames: ['flt'],
      categories: ['firedrill'],
    },
    versions: [
      {
        name: FAULT_VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: COLUMNS,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            description: 'One thing that is broken on purpose: injected, verified, healed by the fault controller.',
            properties: {
              spec: specSchema(faults),
              status: { ...structural(z.toJSONSchema(FaultStatus, OPEN_API)), default: {} },
            },
          },
        },
      },
    ],
  },
})

// --- Internal helpers ---

const OPEN_API = { target: 'openapi-3.0', io: 'input' } as const

const COLUMNS = [
  { name: 'Kind', type: 'string', jsonPath: '.spec.kind' },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Bit', type: 'boolean', jsonPath: '.status.evidence.bit' },
  { name: 'Seconds', type: 'number', jsonPath: '.spec.durationSeconds' },
  { name: 'Target', type: 'string', jsonPath: '.spec.target.selector', priority: 1 },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Message', type: 'string', jsonPath: '.status.message' },
]

const specSchema = (faults: readonly AnyFault[]): Schema => {
  const spec = structural(z.toJSONSchema(FaultSpec, OPEN_API))
  const kinds = faults.map((fault) => ({
    name: fault.name,
    schema: structural(z.toJSONSchema(fault.params, OPEN_API)),
  }))
  return {
    ...spec,
    properties: {
      ...spec.properties,
      kind: { ...spec.properties?.['kind'], enum: kinds.map(({ name }) => name) },
      params: {
        ...spec.properties?.['params'],
        properties: merged(kinds),
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
    'x-kubernetes-validations': [
      { rule: 'self == oldSelf', message: 'a Fault is not changed once it is written: delete it and create another' },
      ...kinds.flatMap(rulesOf),
    ],
  }
}

interface Kind {
  name: string
  schema: Schema
}

/** One schema per name; where kinds disagree, what they call by that name is left to the controller. Defaults are theirs too. */
const merged = (kinds: readonly Kind[]): Record<string, Schema> => {
  const all = new Map<string, Schema>()
  for (const { schema } of kinds) {
    for (const [name, { default: _, ...own }] of Object.entries(schema.properties ?? {})) {
      const other = all.get(name)
      const same = other === undefined || JSON.stringify(other) === JSON.stringify(own)
      all.set(name, same ? own : UNLIKE)
    }
  }
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const UNLIKE: Schema = {
  description: 'Not the same for all kinds: docs/faults.md has what each takes.',
  'x-kubernetes-preserve-unknown-fields': true,
}

/** CEL: what a kind needs is there, and what only other kinds have is not. */
const rulesOf = ({ name, schema }: Kind, _: number, kinds: readonly Kind[]) => {
  const own = Object.keys(schema.properties ?? {})
  const foreign = Object.keys(merged(kinds)).filter((param) => !own.includes(param))
  const rule = (condition: string, message: string) => ({ rule: `self.kind != '${name}' || ${condition}`, message })
  return [
    ...(schema.required ?? []).map((param) => rule(`has(self.params.${param})`, `${name} needs params.${param}`)),
    ...foreign.map((param) =>
      rule(`!has(self.params.${param})`, `${name} has no params.${param} (it has ${own.join(', ')})`),
    ),
  ]
}
