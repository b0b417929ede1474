import { expect, test } from 'vitest'
import { flagsDocument } from '../../chaos/flags/definitions.ts'
import { scaleFlags } from './scale-flags.ts'

test('token counts are multiplied; switches, names and summaries stay', () => {
  const [before, after] = [flagsDocument, scaleFlags(flagsDocument, 0.2)].map((text) => JSON.parse(text))
  expect(after.flags['prompt-template'].variants).toEqual({ off: { tokens: 0 }, v2: { tokens: 600 } })
  expect(after.flags['runaway-max-tokens'].variants).toEqual({ off: { maxTokens: 0 }, on: { maxTokens: 800 } })
  expect(after.flags['cache-busting-prefix']).toEqual(before.flags['cache-busting-prefix'])
  expect(after.flags['prompt-template'].metadata).toEqual(before.flags['prompt-template'].metadata)
  expect(JSON.parse(scaleFlags(flagsDocument, 1))).toEqual(before)
})
