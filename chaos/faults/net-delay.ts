import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import type { NetworkPlan } from '../network/means.ts'
import { NETWORK, planNetwork, SLOWING } from '../network/network-fault.ts'

const params = z.strictObject({
  ms: z.number().int().positive().max(10_000).default(200).describe('By which what the gateway sends is delayed'),
  jitterMs: z.number().int().nonnegative().max(10_000).default(0).describe('Give or take so much, packet by packet'),
})

/** One way only, as tc does it on a gateway: a round trip takes `ms` longer, and the tokens of an answer come as before. */
export default defineFault<z.infer<typeof params>, NetworkPlan>({
  ...NETWORK,
  ...SLOWING,
  name: 'net-delay',
  summary: 'Delays what the gateway sends to one serving pod',
  params,
  plan: ({ params: { ms, jitterMs }, ...context }) => planNetwork({ kind: 'delay', ms, jitterMs }, context),
})
