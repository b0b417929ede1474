import { z } from 'zod'
import { STEP_LABEL } from '../../lib/core/fault-resource.ts'
import type { RunData } from '../read/run-data.ts'

/** What a step's fault really touched, from the plan on its record: `Pod/<name>`, `ConfigMap/<name>`, several joined by a comma. */
export const componentOf = (step: string, { faults }: RunData): string | null => {
  const record = faults?.findLast(({ metadata }) => metadata.labels?.[STEP_LABEL] === step)
  if (record === undefined) return null
  const plan = Touched.safeParse(record.status?.plan ?? {}).data ?? {}
  const pods = [...(plan.victims ?? []), ...(plan.victim === undefined ? [] : [plan.victim])]
  const touched = [
    ...pods.map(({ name }) => `Pod/${name}`),
    ...(plan.configMap === undefined ? [] : [`ConfigMap/${plan.configMap}`]),
  ]
  return touched.length === 0 ? record.spec.target.selector : touched.join(',')
}

// --- Internal helpers ---

/** The words in which the plans of faults name what they touch. */
const Touched = z.object({
  victims: z.array(z.object({ name: z.string() })).optional(),
  victim: z.object({ name: z.string() }).optional(),
  configMap: z.string().optional(),
})
