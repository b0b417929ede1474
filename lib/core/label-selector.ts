import { z } from 'zod'

/** As Kubernetes has it in objects (metav1.LabelSelector); an empty one selects everything. */
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

export const matchesLabels = (
  { matchLabels, matchExpressions }: LabelSelector,
  labels: Record<string, string>,
): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, operator, values }) => {
    const value = labels[key]
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
    }
  })

// --- Internal helpers ---

const expression = ({ key, operator, values }: LabelSelector['matchExpressions'][number]): string => {
  const list = `(${values.join(',')})`
  return { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` }[operator]
}
