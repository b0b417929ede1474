import { expect, test } from 'vitest'
import { faults } from '../faults/registry.gen.ts'
import { faultCrd } from './crd.ts'
import type { Schema } from './structural.ts'

/** Paths of fields that `kubectl explain` would say nothing about. */
const unexplained = (schema: Schema, path: string): string[] => [
  ...(schema.description === undefined ? [path] : []),
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => unexplained(field, `${path}.${name}`)),
]

test('kubectl explain has a word for every field, down to the parameters of each kind', () => {
  const schema = faultCrd(Object.values(faults)).spec.versions[0]?.schema.openAPIV3Schema
  expect(schema?.properties.status.properties?.['phase']?.enum).toContain('Healed')
  expect(unexplained(schema ?? {}, 'fault')).toEqual([])
})
