import { formatDuration } from './duration.ts'
import { unreachable } from './errors.ts'
import type { Step } from './scenario.ts'

/** When a step begins, in a few words for a table: `at 25s`, `30s after template`, `when up == 0 for 30s`. */
export const describeWhen = (when: Step['when']): string => {
  switch (when.kind) {
    case 'at':
      return `at ${formatDuration(when.time)}`
    case 'after':
      return `${formatDuration(when.gap)} after ${when.step}`
    case 'when': {
      const held = when.heldFor === 0 ? '' : ` for ${formatDuration(when.heldFor)}`
      const by = when.by === undefined ? '' : `, by ${formatDuration(when.by)}`
      return `when ${when.promql}${held}${by}`
    }
    default:
      return unreachable(when)
  }
}
