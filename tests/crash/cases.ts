import { EXAMPLES } from '../../chaos/faults/testing/examples.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import type { Case } from './life.ts'

/** Every fault that ships, with its last example, which asks for the most; with `all`, with each. */
export const cases = ({ all, only }: { all: boolean; only?: readonly string[] | undefined }): Case[] => {
  const unknown = (only ?? []).filter((name) => !Object.hasOwn(faults, name))
  if (unknown.length > 0)
    throw new Error(`expected faults (${Object.keys(faults).join(', ')}), found ${unknown.join(', ')}`)
  return Object.keys(faults)
    .filter((kind) => only?.includes(kind) ?? true)
    .flatMap((kind) => {
      const examples = EXAMPLES[kind] ?? [{}]
      return (all ? examples : examples.slice(-1)).map((params, index) => ({
        kind,
        params,
        name: all && examples.length > 1 ? `${kind} (${index + 1})` : kind,
      }))
    })
}
