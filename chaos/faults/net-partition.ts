import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import type { NetworkPlan } from '../network/means.ts'
import { byMeans, NETWORK, planNetwork } from '../network/network-fault.ts'

const params = z.strictObject({})

/** The pod is ready and scraped, and what the gateway sends it goes nowhere: streams stand still, and nothing is refused. */
export default defineFault<z.infer<typeof params>, NetworkPlan>({
  ...NETWORK,
  ...byMeans('upstream-faults', 'network-chaos', 'network-policies'),
  name: 'net-partition',
  summary: 'Cuts one serving pod off from the gateway, while all else reaches it',
  moves: ['latency', 'throughput', 'availability'],
  signals: {
    moves: [{ signal: 'unanswered-for', to: 'up' }],
    still: ['targets-up', 'ready-replicas', 'restarts', 'prompt-tokens', 'ready-nodes'],
  },
  ends: {
    by: 'controller',
    how: 'by itself where the gateway’s rules or Chaos Mesh do it; a NetworkPolicy stays until it is deleted',
  },
  params,
  plan: (context) => planNetwork({ kind: 'partition' }, context),
})
