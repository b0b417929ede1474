import type { StepInput, WhenInput } from './scenario.ts'

/** Words for the timeline, so that it reads as a plan. */
type Step = StepInput & {
  /** Its fault may be in force together with those of these steps. */
  overlapping(...others: string[]): StepInput
}

interface Begun {
  fault(fault: string, params?: Record<string, unknown>): { lasting(lasting: string): Step }
}

interface Condition extends Begun {
  /** Without a gap; from the first time that it is true where this is not said. */
  heldFor(time: string): Condition
  /** Not started where this time of the load comes first. */
  by(time: string): Condition
}

/** `at('90s').fault('pod-kill').lasting('30s')`: counted from the start of the load. */
export const at = (time: string): Begun => begun({ kind: 'at', time })

/** `after('template', '30s').fault(…)`: counted from the moment `template` has recovered. */
export const after = (earlier: string, gap: string): Begun => begun({ kind: 'after', step: earlier, gap })

/** `when('vllm:kv_cache_usage_perc > 0.8').heldFor('30s').by('4m').fault(…)`: once the run's Prometheus has returned something for so long. */
export const when = (promql: string): Condition => condition({ kind: 'when', promql })

// --- Internal helpers ---

const begun = (input: WhenInput): Begun => ({
  fault: (fault, params = {}) => ({
    lasting: (lasting) => {
      const step: StepInput = { when: input, fault, params, lasting }
      const overlapping = (...overlaps: string[]): StepInput => ({ ...step, overlaps })
      // Not enumerable: the schema is strict, and the word is not part of the data.
      return Object.defineProperty({ ...step, overlapping }, 'overlapping', { enumerable: false })
    },
  }),
})

const condition = (input: WhenInput & { kind: 'when' }): Condition => ({
  ...begun(input),
  heldFor: (heldFor) => condition({ ...input, heldFor }),
  by: (by) => condition({ ...input, by }),
})
