import type { UpstreamRule } from '../../lib/core/upstream-rules.ts'

type WithoutCommon<Rule> = Rule extends UpstreamRule ? Omit<Rule, 'id' | 'pod' | 'expiresAt'> : never

/** What is done to the packets between the gateway and one replica. */
export type Effect = WithoutCommon<UpstreamRule>

/** Of data on a short round trip: Linux' first retransmission timeout. */
const RETRANSMISSION_MS = 200
/** Above this share the timeouts double faster than they are lost: there is no mean. */
const LOSS_WITH_MEAN = 0.45

/** How much longer a call takes on average until the head of its answer, on a connection that is there; null where none comes. */
export const expectedRiseMs = (effect: Effect): number | null => {
  switch (effect.kind) {
    case 'delay':
      return effect.ms
    case 'loss': {
      const loss = Math.min(LOSS_WITH_MEAN, effect.percent / 100)
      return (RETRANSMISSION_MS * loss) / (1 - 2 * loss)
    }
    case 'partition':
      return null
  }
}
