import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { FLIP, type FlagPlan, planFlip, Share } from '../flags/flag-fault.ts'

const params = z.strictObject({
  flag: z.string().min(1).describe("A flag of the target's flag document"),
  variant: z.string().min(1).describe('The variant it is to give'),
  share: Share,
})

/** Any flag of the target's own: what it moves, only its owner knows. */
export default defineFault<z.infer<typeof params>, FlagPlan>({
  ...FLIP,
  name: 'feature-flag',
  summary: 'Flips a feature flag by a targeting rule that expires by itself',
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: { moves: [], still: ['ready-replicas', 'ready-nodes', 'restarts'] },
  params,
  plan: ({ params: { flag, variant, share }, ...context }) => planFlip({ flag, variant, share }, context),
})
