import { z } from 'zod'

const Count = z.number().int().positive()

/** Bounds that draws are moved to: the share beyond them piles up at the bound. For models of short context. */
const Clamp = z
  .strictObject({ min: Count.optional(), max: Count.optional() })
  .refine(({ min, max }) => (min ?? 1) <= (max ?? Infinity), { error: 'expected min to be at most max' })

/** Each count in [min, max] is as likely as any other. */
const Uniform = z
  .strictObject({ min: Count, max: Count })
  .refine(({ min, max }) => min <= max, { error: 'expected min to be at most max' })

const Fixed = z.strictObject({ fixed: Count })

const Quantiles = z.strictObject({
  /**
   * `[p, tokens]`: a share p of the draws is at most so many tokens; straight lines in between, rounded up. From p = 0 (the
   * smallest) to p = 1 (the largest), both never falling. `scripts/quantiles.ts` makes one of a trace.
   */
  quantiles: z
    .array(z.tuple([z.number().min(0).max(1), Count]))
    .min(2)
    .superRefine((points, context) => {
      const wrong = problemOf(points)
      if (wrong !== null) context.addIssue({ code: 'custom', message: wrong })
    }),
  /** Where the numbers are from: repository, commit, file. */
  source: z.string().min(1),
  /** SPDX identifier of the source's licence. */
  licence: z.string().min(1),
  clamp: Clamp.optional(),
})

/** A distribution of token counts. */
export const Lengths = z.union([Uniform, Fixed, Quantiles], {
  error: 'expected token counts as { min, max }, { fixed } or { quantiles, source, licence, clamp? }',
})

export type Lengths = z.infer<typeof Lengths>

// --- Internal helpers ---

const problemOf = (points: readonly (readonly [number, number])[]): string | null => {
  if (points[0]?.[0] !== 0) return `expected the first point at p = 0, found p = ${points[0]?.[0]}`
  if (points.at(-1)?.[0] !== 1) return `expected the last point at p = 1, found p = ${points.at(-1)?.[0]}`
  for (const [index, [p, tokens]] of points.entries()) {
    const before = points[index - 1]
    if (before !== undefined && (p < before[0] || tokens < before[1]))
      return `expected points that never fall, found [${before.join(', ')}] before [${p}, ${tokens}]`
  }
  return null
}
