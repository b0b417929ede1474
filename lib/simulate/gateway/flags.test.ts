import { expect, test } from 'vitest'
import { createFlags } from './flags.ts'

const document = (tokens: number, maxTokens: number): string =>
  JSON.stringify({
    flags: {
      'prompt-template': { state: 'ENABLED', defaultVariant: 'v', variants: { v: { tokens } } },
      'runaway-max-tokens': {
        state: 'ENABLED',
        defaultVariant: 'off',
        variants: { off: { maxTokens: 0 }, on: { maxTokens } },
        targeting: { if: [{ '<': [{ var: '$flagd.timestamp' }, maxTokens] }, 'on', 'off'] },
      },
    },
  })

test('the document that was loaded last is in force, whichever were before it, and in other gateways', () => {
  const metrics = { evaluations: () => ({ value: 0 }) }
  const gateways = [createFlags(metrics), createFlags(metrics)]
  // Over and over, and more than are kept.
  for (let load = 0; load < 300; load++) {
    const tokens = 1 + (load % 3)
    const maxTokens = 10 + ((load * 7) % 50)
    const flags = gateways[load % 2] ?? createFlags(metrics)
    flags.load(document(tokens, maxTokens))
    const before = flags.evaluate(1, (maxTokens - 1) * 1_000).change
    expect(before).toMatchObject({ contextTokens: tokens, maxTokens })
    expect(flags.evaluate(2, maxTokens * 1_000).change).toMatchObject({ contextTokens: tokens, maxTokens: 0 })
  }
})
