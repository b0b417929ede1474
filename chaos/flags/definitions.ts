import { z } from 'zod'
import document from './flags.json' with { type: 'json' }

const Flag = z.strictObject({
  state: z.literal('ENABLED'),
  /** Off, for every flag that ships: an incident is always somebody's act. */
  defaultVariant: z.literal('off'),
  variants: z.record(z.string(), z.record(z.string(), z.union([z.number(), z.boolean(), z.string()]))),
  metadata: z.strictObject({ summary: z.string().min(1) }),
})

/** A feature flag of the gateway, as people and faults choose it. */
export interface FlagDefinition {
  name: string
  /** What it does to requests when it is on. */
  summary: string
  defaultVariant: string
  /** By name: the parameters that the gateway is given. */
  variants: Record<string, Record<string, number | boolean | string>>
}

/** The flags that ship. flags.json is their one source; its `metadata.summary` describes each. */
export const flagDefinitions: readonly FlagDefinition[] = Object.entries(
  z.record(z.string(), Flag).parse(document.flags),
).map(([name, { defaultVariant, variants, metadata }]) => ({
  name,
  summary: metadata.summary,
  defaultVariant,
  variants,
}))

/** The flag document (flagd schema) that the stack is deployed with: everything off. */
export const flagsDocument: string = `${JSON.stringify(document, undefined, 2)}\n`
