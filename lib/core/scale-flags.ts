import { z } from 'zod'

/** A flag document (flagd schema) whose variants' numbers, which count tokens, are multiplied. */
export const scaleFlags = (document: string, factor: number): string => {
  const parsed = FlagDocument.parse(JSON.parse(document))
  const flags = Object.entries(parsed.flags).map(([name, flag]) => [
    name,
    { ...flag, variants: scaleVariants(flag.variants, factor) },
  ])
  return `${JSON.stringify({ ...parsed, flags: Object.fromEntries(flags) }, undefined, 2)}\n`
}

// --- Internal helpers ---

const Variants = z.record(z.string(), z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])))
const FlagDocument = z.looseObject({ flags: z.record(z.string(), z.looseObject({ variants: Variants })) })

const scaleVariants = (variants: z.infer<typeof Variants>, factor: number): z.infer<typeof Variants> =>
  Object.fromEntries(
    Object.entries(variants).map(([name, parameters]) => [
      name,
      Object.fromEntries(
        Object.entries(parameters).map(([key, value]) => [
          key,
          typeof value === 'number' ? Math.round(value * factor) : value,
        ]),
      ),
    ]),
  )
