import { z } from 'zod'

export const LabelSelector = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).default([]),
      }),
    )
    .default([]),
})
export type LabelSelector = z.infer<typeof LabelSelector>

/** As a list asks for it: empty finds everything, null nothing. */
export const selectorText = (selector: LabelSelector | undefined): string | null => {
  if (selector === undefined) return null
  const labels = Object.entries(selector.matchLabels).map(([key, value]) => `${key}=${value}`)
  return [...labels, ...selector.matchExpressions.map(expression)].join(',')
}

// --- Internal helpers ---

const expression = ({ key, operator, values }: LabelSelector['matchExpressions'][number]): string => {
  const list = `(${values.join(',')})`
  return { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` }[operator]
}
