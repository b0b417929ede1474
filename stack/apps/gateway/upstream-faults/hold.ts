import type { UpstreamRule } from '../../../../lib/core/upstream-rules.ts'

/** Linux' first timeouts, in milliseconds: of a handshake's SYN, and of data where the round trip is short. */
const SYN_TIMEOUT_MS = 1_000
const DATA_TIMEOUT_MS = 200

export type Packet = 'handshake' | 'data'

/**
 * How much later a packet of the gateway's arrives, in milliseconds; infinite where it does not before the rules end. Loss is
 * what TCP makes of it: each packet lost in a row doubles the timeout after which it is sent again. A write counts as one packet:
 * what is lost in the middle of a long one is sent again within a round trip, and does not show.
 */
export const holdOf = (rules: readonly UpstreamRule[], packet: Packet, random: () => number): number =>
  rules.reduce((sum, rule) => sum + holdByRule(rule, packet, random), 0)

// --- Internal helpers ---

const holdByRule = (rule: UpstreamRule, packet: Packet, random: () => number): number => {
  switch (rule.kind) {
    case 'delay':
      return Math.max(0, rule.ms + rule.jitterMs * (2 * random() - 1))
    case 'loss':
      return retransmissions(rule.percent / 100, packet === 'handshake' ? SYN_TIMEOUT_MS : DATA_TIMEOUT_MS, random)
    case 'partition':
      return Infinity
  }
}

/** The sum of the timeouts until one gets through: first, twice, four times … */
const retransmissions = (loss: number, first: number, random: () => number): number => {
  if (loss >= 1) return Infinity
  let [waited, timeout] = [0, first]
  for (; random() < loss; timeout *= 2) waited += timeout
  return waited
}
