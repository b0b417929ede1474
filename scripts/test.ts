/**
 * `npm test`: the static checks side by side, the Go tests, the unit tests and the end-to-end tests, in that order, each
 * whatever the one before it found. Ends with what failed, and one line of counts, `N passed, N failed`; exit code 1 where
 * anything failed.
 */
import process from 'node:process'
import { staticChecks } from './test/checks.ts'
import { goFuzz, goTest } from './test/go.ts'
import { merged, summary, type Outcome } from './test/outcome.ts'
import { vitest } from './test/vitest.ts'

const suites: (() => Promise<Outcome>)[] = [
  staticChecks,
  () => goTest('k6'),
  () => goTest('calibration'),
  () => goFuzz('k6'),
  () => vitest('unit'),
  () => vitest('e2e*'),
]

const outcomes: Outcome[] = []
for (const suite of suites) outcomes.push(await suite())
const outcome = merged(outcomes)
process.stdout.write(summary(outcome))
process.exitCode = outcome.failures.length > 0 ? 1 : 0
