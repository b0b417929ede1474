import { z } from 'zod'
import { Duration } from './duration.ts'

/** What ends a run, or a fault, before its time. All of it heals. */
export const Safety = z.strictObject({
  maxUnavailable: z
    .number()
    .int()
    .nonnegative()
    .default(1)
    .describe(
      'Serving pods that may be unavailable at a time: a fault that takes more is refused, and one that comes to take more is ended',
    ),
  stopWhen: z.string().optional().describe('PromQL; the run heals and stops when it returns anything'),
  stopOnUnexpectedAlert: z
    .boolean()
    .default(false)
    .describe('The run heals and stops when an alert fires that no fault in force, or just over, is expected to raise'),
  maxDuration: Duration.optional().describe('The run heals and stops after this time, however far it has come'),
})
export type Safety = z.infer<typeof Safety>

/** More pods than allowed must have been unavailable for so long: a rollout and a probe that fails once take less. */
export const UNAVAILABLE_FOR_MS = 15_000
