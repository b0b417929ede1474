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
      ...rulesOf(kinds),
    ],
  }
}

interface Kind {
  name: string
  schema: Schema
}

/**
 * One schema per name. What kinds describe or bound differently keeps its type alone; of another type in each, it is left to the
 * controller. Defaults are the kinds' own.
 */
const merged = (kinds: readonly Kind[]): Record<string, Schema> => {
  const all = new Map<string, Schema>()
  for (const { schema } of kinds) {
    for (const [name, { default: _, ...own }] of Object.entries(schema.properties ?? {})) {
      const other = all.get(name)
      all.set(name, other === undefined || JSON.stringify(other) === JSON.stringify(own) ? own : common(other, own))
    }
  }
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const common = ({ type, items, description = '' }: Schema, other: Schema): Schema => {
  const words = { description: [...new Set([...description.split(' / '), other.description ?? ''])].join(' / ') }
  const both = commonType(type, other.type)
  return both === undefined || JSON.stringify(items) !== JSON.stringify(other.items)
    ? { ...words, 'x-kubernetes-preserve-unknown-fields': true }
    : { type: both, ...words, ...(items === undefined ? {} : { items }) }
}

/** Every integer is a number: a share is a percentage of one kind and a fraction of another. */
const commonType = (type: Schema['type'], other: Schema['type']): Schema['type'] => {
  if (type === other) return type === 'object' ? undefined : type
  return isNumber(type) && isNumber(other) ? 'number' : undefined
}

const isNumber = (type: Schema['type']): boolean => type === 'integer' || type === 'number'

/**
 * CEL, two rules a param and not a rule for each kind and param, of which there would be a thousand: which kinds have it, and which
 * need it. A param without one type is nothing that CEL can see.
 */
const rulesOf = (kinds: readonly Kind[]) =>
  Object.entries(merged(kinds)).flatMap(([param, { type }]) => {
    if (type === undefined) return []
    const among = (holds: (schema: Schema) => boolean): string[] =>
      kinds.filter(({ schema }) => holds(schema)).map(({ name }) => name)
    const having = among(({ properties = {} }) => param in properties)
    const needing = among(({ required = [] }) => required.includes(param))
    const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`
    return [
      {
        rule: `!has(self.params.${param}) || self.kind in ${list(having)}`,
        message: `only ${having.join(', ')} has params.${param}`,
        messageExpression: `self.kind + ' has no params.${param}, only ${having.join(', ')} has'`,
      },
      ...(needing.length === 0
        ? []
        : [
            {
              rule: `has(self.params.${param}) || !(self.kind in ${list(needing)})`,
              message: `${needing.join(', ')} needs params.${param}`,
              messageExpression: `self.kind + ' needs params.${param}'`,
            },
          ]),
    ]
  })
