import type { ReplayErrors } from '../errors.ts'

/** Of a replay that does all as it was recorded. */
export const NO_ERRORS: ReplayErrors = {
  running: 0,
  waiting: 0,
  kvCacheUsage: 0,
  preemptions: 0,
  hitTokens: 0,
  ttftP50: 0,
  ttftP95: 0,
  e2eP50: 0,
  e2eP95: 0,
}
