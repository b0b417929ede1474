import { z } from 'zod'

/** What happens to the packets between the gateway and one replica, until it ends by itself. */
const common = {
  /** Of the fault whose rule it is. */
  id: z.string().min(1),
  /** UID of the replica's pod: another pod at the same address is not meant. */
  pod: z.string().min(1),
  /** Milliseconds since the epoch, by the gateway's clock. */
  expiresAt: z.number(),
}

export const UpstreamRule = z.discriminatedUnion('kind', [
  /** What the gateway sends arrives so much later, give or take the jitter. */
  z.strictObject({ ...common, kind: z.literal('delay'), ms: z.number().min(0), jitterMs: z.number().min(0) }),
  /** What the gateway sends is lost with this chance, and sent again after TCP's timeouts. */
  z.strictObject({ ...common, kind: z.literal('loss'), percent: z.number().min(0).max(100) }),
  /** Nothing goes either way. */
  z.strictObject({ ...common, kind: z.literal('partition') }),
])
export type UpstreamRule = z.infer<typeof UpstreamRule>

const Document = z.strictObject({ rules: z.array(UpstreamRule) })

/** Throws where the text is no document of rules. */
export const parseUpstreamRules = (text: string): UpstreamRule[] => Document.parse(JSON.parse(text)).rules

export const upstreamRulesText = (rules: readonly UpstreamRule[]): string => `${JSON.stringify({ rules }, null, 2)}\n`

/** The rules with this one, in place of any that the same fault has. */
export const withRule = (rules: readonly UpstreamRule[], rule: UpstreamRule): UpstreamRule[] => [
  ...withoutRule(rules, rule.id),
  rule,
]

export const withoutRule = (rules: readonly UpstreamRule[], id: string): UpstreamRule[] =>
  rules.filter((rule) => rule.id !== id)

/** Those of one pod that have not ended. */
export const inForce = (rules: readonly UpstreamRule[], pod: string, now: number): UpstreamRule[] =>
  rules.filter((rule) => rule.pod === pod && now < rule.expiresAt)
