import { z } from 'zod'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import type { LoadDelivery } from '../../lib/core/verdict.ts'
import type { RunData } from '../read/run-data.ts'

/** How exact the load client was, in time and in tokens, as far as the run folder tells. */
export const clientFacts = (
  run: Pick<RunData, 'calibration' | 'problems' | 'journal'>,
): Pick<LoadDelivery, 'clientError' | 'calibrationDamage' | 'prompts'> => ({
  clientError: clientError(run),
  calibrationDamage: run.problems.find(({ file }) => file === RUN_FILES.calibration)?.reason ?? null,
  prompts: promptsOf(run),
})

// --- Internal helpers ---

const clientError = ({ calibration }: Pick<RunData, 'calibration'>): LoadDelivery['clientError'] =>
  calibration === null
    ? null
    : {
        ttft: calibration.errors.ttft.p99,
        wait: calibration.errors.ttftIntended.p99,
        gap: calibration.errors.gap.p99,
        streams: calibration.load.streams,
      }

const Prompts = z.object({ exact: z.boolean(), note: z.string() })

/** k6 says it once, before the load. */
const promptsOf = ({ journal }: Pick<RunData, 'journal'>): LoadDelivery['prompts'] => {
  const told = journal?.find(({ actor, what }) => actor === 'k6' && what === 'prompts')
  return Prompts.safeParse(told?.value).data ?? null
}
