import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import type { NetworkPlan } from '../network/means.ts'
import { NETWORK, planNetwork, SLOWING } from '../network/network-fault.ts'

const params = z.strictObject({
  percent: z.number().positive().max(99).default(30).describe('Of the packets that the gateway sends'),
})

/**
 * TCP hides loss behind its timeouts: a request waits 200 ms, 600 ms, 1.4 s … and a new connection 1 s, 3 s, 7 s … The gateway's own
 * rules draw these times for each request and connection; Chaos Mesh drops packets. Neither breaks connections.
 */
export default defineFault<z.infer<typeof params>, NetworkPlan>({
  ...NETWORK,
  ...SLOWING,
  name: 'net-loss',
  summary: 'Loses a share of what the gateway sends to one serving pod',
  params,
  plan: ({ params: { percent }, ...context }) => planNetwork({ kind: 'loss', percent }, context),
})
