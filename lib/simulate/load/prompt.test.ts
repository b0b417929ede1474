import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Workload, type WorkloadInput } from '../../core/workload.ts'
import { corpusWithoutServer } from '../../k6/prompt/corpus.ts'
import { fitCorpus } from '../../k6/prompt/fit.ts'
import { carryOn, drawSizes, drawTurn, type History, turnsOf, type TurnKey } from '../../k6/turn.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import { tokenize, tokenizeChat } from '../../vllm/text/tokens.ts'
import { createPromptMaker } from './prompt.ts'

const workload = (more: Partial<WorkloadInput>): Workload =>
  Workload.parse({
    name: 'x',
    summary: 'x',
    endpoint: 'chat',
    promptTokens: { min: 20, max: 90 },
    outputTokens: { min: 5, max: 40 },
    requestTimeout: '1m',
    ...more,
  })

/** Tokens of the very text that k6 would send, as the emulated server counts them. */
const sent = (load: Workload, key: TurnKey, turns: number): Uint32Array[] => {
  const corpus =
    load.promptTokenizer === 'calibrated'
      ? corpusWithoutServer(load)
      : fitCorpus(load, (input) => [...('prompt' in input ? tokenize(input.prompt) : tokenizeChat(input.messages))])
  const found: Uint32Array[] = []
  let history: History | null = null
  for (let index = 0; index < turns; index++) {
    const turn = drawTurn({ workload: load, seed: 7, corpus }, key, history)
    found.push(
      turn.messages === null
        ? Array.isArray(turn.prompt)
          ? Uint32Array.from(turn.prompt)
          : tokenize(turn.prompt ?? '')
        : tokenizeChat(turn.messages),
    )
    history = carryOn({ workload: load, seed: 7, corpus }, turn, null)
  }
  return found
}

const told = (load: Workload, key: TurnKey): Tokens[] => {
  const prompts = createPromptMaker(load)
  const found: Tokens[] = []
  for (let index = 0; index < turnsOf({ workload: load, seed: 7 }, key); index++) {
    const sizes = drawSizes({ workload: load, seed: 7 }, key, index, null)
    const before = found.at(-1)
    const answered = drawSizes({ workload: load, seed: 7 }, key, Math.max(0, index - 1), null).maxTokens
    found.push(
      before === undefined ? prompts.first(key, sizes) : prompts.next(before, prompts.answer(1, answered), sizes.own),
    )
  }
  return found
}

/** How many tokens two prompts share from their beginning. */
const common = (a: { length: number; at(index: number): number | undefined }, b: typeof a): number => {
  let shared = 0
  while (shared < Math.min(a.length, b.length) && a.at(shared) === b.at(shared)) shared++
  return shared
}

const LOADS: Record<string, Partial<WorkloadInput>> = {
  'calibrated chats with a system prompt': { sharedPromptTokens: 33, promptTokenizer: 'calibrated' },
  'exact chats without one': { promptTokenizer: 'server' },
  'a pool of prefixes': { sharedPromptTokens: 10, prefixes: { count: 3, tokens: 25 }, promptTokenizer: 'server' },
  'chats of several turns': {
    sharedPromptTokens: 12,
    promptTokenizer: 'calibrated',
    turns: { count: { fixed: 3 }, thinkTime: { min: 0, max: 0 } },
  },
  completions: { endpoint: 'completions', sharedPromptTokens: 20 },
}

describe.each(Object.entries(LOADS))('%s', (_, more) => {
  const load = workload(more)
  const key = fc.record({ vu: fc.integer({ min: 1, max: 50 }), chat: fc.nat(3) })

  test('prompts are as long as those that k6 sends', () => {
    fc.assert(
      fc.property(key, (one) => {
        const turns = told(load, one)
        expect(turns.map(({ length }) => length)).toEqual(sent(load, one, turns.length).map(({ length }) => length))
      }),
      { numRuns: 60 },
    )
  })

  test('tokens are the same at once as one by one', () => {
    fc.assert(
      fc.property(key, fc.nat(30), fc.nat(20), (one, from, count) => {
        const prompt = told(load, one)[0]
        if (prompt?.copyTo === undefined) expect.fail('a first prompt tells its tokens one by one')
        const own = Math.max(0, Math.min(count, prompt.length - from))
        const copied = new Uint32Array(20)
        prompt.copyTo(copied, from, own)
        expect([...copied.subarray(0, own)]).toEqual(Array.from({ length: own }, (__, at) => prompt.at(from + at)))
      }),
      { numRuns: 60 },
    )
  })

  test('two of them share as many tokens as their texts do, but for a dozen words that may be alike by chance', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [first, second] = [told(load, a).at(-1), told(load, b).at(-1)]
        const [textA, textB] = [sent(load, a, told(load, a).length).at(-1), sent(load, b, told(load, b).length).at(-1)]
        if (first === undefined || second === undefined || textA === undefined || textB === undefined) return
        const texts = common(textA, textB)
        const tokens = common(first, second)
        if (a.vu === b.vu && a.chat === b.chat) expect(tokens).toBe(first.length)
        else expect(texts - tokens).toBeLessThanOrEqual(12)
        expect(tokens).toBeLessThanOrEqual(texts)
      }),
      { numRuns: 60 },
    )
  })
})

test('what the gateway puts in front is as long as what it does put there, and is shared with nobody', async () => {
  const { transformBody } = await import('../../../stack/apps/gateway/flags/transform.ts')
  for (const more of [{ sharedPromptTokens: 33, promptTokenizer: 'calibrated' as const }, {}]) {
    const load = workload(more)
    const prompts = createPromptMaker(load)
    for (const change of [
      { contextTokens: 300, maxTokens: 0, uniquePrefix: false },
      { contextTokens: 0, maxTokens: 0, uniquePrefix: true },
    ]) {
      const key = { vu: 1, chat: 1 }
      const corpus = corpusWithoutServer(load)
      const { messages } = drawTurn({ workload: load, seed: 7, corpus }, key)
      const body = Buffer.from(JSON.stringify({ messages }))
      const nonce = '0b8c1dc1-6f0f-4fd1-a0b8-0a1b2c3d4e5f'
      const changed: { messages: { role: string; content: string }[] } = JSON.parse(
        transformBody(body, change, { nonce, now: 0 }).toString(),
      )
      const real = tokenizeChat(changed.messages).length - tokenizeChat(messages ?? []).length
      const before = prompts.first(key, drawSizes({ workload: load, seed: 7 }, key, 0, null))
      const [one, other] = [1, 2].map((id) => prompts.changed(before, change, id))
      if (one === undefined || other === undefined) expect.fail('no prompt')
      expect(one.length - before.length).toBe(real)
      expect(common(one, other)).toBe(4)
    }
  }
})
