import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import chat from '../../scenarios/workloads/chat.ts'
import { drawLength } from '../core/draw-length.ts'
import { distanceTo } from '../core/quantile-table.ts'
import { deriveSeed, seededRandom } from '../core/random.ts'
import { Workload, type WorkloadInput } from '../core/workload.ts'
import { tokenize, tokenizeChat } from '../vllm/text/tokens.ts'
import { calibratedCorpus, idCorpus, type Corpus } from './prompt/corpus.ts'
import { fitCorpus } from './prompt/fit.ts'
import {
  carryOn,
  drawSizes,
  drawTurn,
  type History,
  type Load,
  requestBody,
  type Turn,
  type TurnKey,
  turnName,
} from './turn.ts'

/** vLLM's /tokenize, emulated. */
const engine: Parameters<typeof fitCorpus>[1] = (input) => [
  ...('prompt' in input ? tokenize(input.prompt) : tokenizeChat(input.messages)),
]

const loadOf = (more: Partial<WorkloadInput> = {}, corpus?: Corpus, seed = 1): Load => {
  const workload = Workload.parse({ ...chat, ...more })
  return { workload, seed, corpus: corpus ?? fitCorpus(workload, engine) }
}

const tokensOf = ({ messages, prompt }: Turn): Uint32Array => {
  if (messages !== null) return tokenizeChat(messages)
  return typeof prompt === 'string' ? tokenize(prompt) : Uint32Array.from(prompt ?? [])
}

const wholeChat = (load: Load, key: TurnKey, answer: (turn: Turn) => string | null = () => null): Turn[] => {
  const turns: Turn[] = []
  let history: History | null = null
  do {
    const turn: Turn = drawTurn(load, key, history)
    turns.push(turn)
    history = carryOn(load, turn, answer(turn))
  } while (history !== null)
  return turns
}

const seed = fc.integer()
const key: fc.Arbitrary<TurnKey> = fc.oneof(
  fc.record({ vu: fc.integer({ min: 1, max: 5_000 }), chat: fc.integer({ min: 0, max: 500 }) }),
  fc.record({ arrival: fc.nat(1_000_000) }),
)
const lengths = fc.integer({ min: 1, max: 400 }).map((fixed) => ({ fixed }))
const workload: fc.Arbitrary<Partial<WorkloadInput>> = fc.record(
  {
    endpoint: fc.constant<'chat'>('chat'),
    promptTokenizer: fc.constantFrom<'server' | 'calibrated'>('server', 'calibrated'),
    sharedPromptTokens: fc.nat(200),
    prefixes: fc.record({ count: fc.integer({ min: 1, max: 50 }), tokens: fc.integer({ min: 1, max: 100 }) }),
    promptTokens: lengths,
    outputTokens: lengths,
    turns: fc.record({
      count: fc.record({ fixed: fc.integer({ min: 1, max: 5 }) }),
      thinkTime: fc.constant({ min: 1, max: 9 }),
    }),
    cancel: fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), afterTokens: lengths }),
  },
  { requiredKeys: ['endpoint'] },
)

test('what is drawn of a turn follows from its name: a seed means the same from one version to the next', () => {
  fc.assert(
    fc.property(seed, key, fc.nat(12), (one, of, index) => {
      const { workload: load } = loadOf({ turns: { count: { fixed: 13 }, thinkTime: { min: 0, max: 1_000 } } })
      const name = index === 0 ? turnName(of, 0).replace(/-0$/, '') : turnName(of, index)
      const random = seededRandom(deriveSeed(one, name))
      random.next()
      const { own, maxTokens } = drawSizes({ workload: load, seed: one }, of, index, null)
      expect([own, maxTokens]).toEqual([drawLength(load.promptTokens, random), drawLength(load.outputTokens, random)])
    }),
  )
})

test('a turn is a function of seed and key, byte for byte', () => {
  fc.assert(
    fc.property(workload, seed, key, (more, of, who) => {
      const texts = [1, 2].map(() => JSON.stringify(wholeChat(loadOf(more, undefined, of), who)))
      expect(texts[0]).toBe(texts[1])
    }),
  )
})

test('the server counts as many tokens as were asked for, the template included', () => {
  fc.assert(
    fc.property(workload, key, (more, who) => {
      const load = loadOf({ ...more, promptTokenizer: 'server' })
      expect(load.corpus).toMatchObject({ mode: 'server', exact: true })
      for (const turn of wholeChat(load, who)) expect(tokensOf(turn)).toHaveLength(turn.promptTokens)
    }),
  )
})

test('lengths are as drawn where they leave room for the template', () => {
  const load = loadOf({ promptTokenizer: 'server', sharedPromptTokens: 50, promptTokens: { fixed: 77 } })
  expect(drawTurn(load, { vu: 1, chat: 1 })).toMatchObject({ promptTokens: 127 })
  const turns = wholeChat(
    loadOf({
      promptTokenizer: 'server',
      sharedPromptTokens: 0,
      promptTokens: { fixed: 30 },
      outputTokens: { fixed: 20 },
      turns: { count: { fixed: 3 }, thinkTime: { min: 0, max: 0 } },
    }),
    { arrival: 3 },
  )
  expect(turns.map(({ promptTokens }) => promptTokens)).toEqual([30, 80, 130])
})

test('a chat grows: the next turn’s messages begin with this turn’s', () => {
  fc.assert(
    fc.property(workload, key, (more, who) => {
      const turns = wholeChat(loadOf(more), who)
      for (const [index, turn] of turns.entries()) {
        const before = turns[index - 1]
        if (before === undefined) continue
        const known = before.messages ?? []
        expect(turn.messages?.slice(0, known.length)).toEqual(known)
        expect(turn.messages?.slice(known.length).map(({ role }) => role)).toEqual(['assistant', 'user'])
      }
    }),
  )
})

test('with the server’s answers the history is theirs; without a text, scripted stands in', () => {
  const turns = { count: { fixed: 3 }, thinkTime: { min: 0, max: 0 }, history: 'answers' as const }
  const load = loadOf({ turns })
  const [first, second, third] = wholeChat(load, { arrival: 0 }, ({ index }) => (index === 0 ? 'said' : null))
  expect(first?.wantsText).toBe(true)
  expect(second?.messages?.at(-2)).toEqual({ role: 'assistant', content: 'said' })
  expect(third?.messages?.at(-2)?.content).toHaveLength((second?.maxTokens ?? 0) * 4 - 1)
})

const BLOCK = 16

test.each<[string, Partial<WorkloadInput>]>([
  ['chats', {}],
  ['completions', { endpoint: 'completions' }],
  ['token ids', { endpoint: 'completions', promptTokenizer: 'ids' }],
])('of %s, what is shared is the same block for block, and no two own parts share a first block', (_, more) => {
  const load = loadOf({ ...more, sharedPromptTokens: 60, promptTokens: { fixed: 40 } })
  const shared = (more.endpoint === undefined ? 4 : 0) + 60
  const keys: TurnKey[] = [
    ...Array.from({ length: 5_000 }, (__, index) => ({ vu: 1 + (index % 1_000), chat: Math.floor(index / 1_000) })),
    ...Array.from({ length: 5_000 }, (__, arrival) => ({ arrival })),
  ]
  const prompts = keys.map((who) => tokensOf(drawTurn(load, who)))
  expect(new Set(prompts.map((tokens) => tokens.slice(0, shared).join())).size).toBe(1)
  const own = prompts.map((tokens) => tokens.slice(more.endpoint === undefined ? shared + 5 : shared))
  expect(new Set(own.map((tokens) => tokens.slice(0, BLOCK).join())).size).toBe(keys.length)
  // From the first token on, as far as the words go round: each opens about as many parts as any other.
  const firsts = [...Map.groupBy(own, (tokens) => tokens[0]).values()].map((group) => group.length)
  expect(firsts.length).toBeGreaterThan(50)
  expect(Math.max(...firsts)).toBeLessThan((2 * keys.length) / firsts.length)
})

test('a pool’s prefixes are each the same for all who draw it, told apart at once, and drawn by rank', () => {
  const load = loadOf({
    endpoint: 'completions',
    promptTokenizer: 'calibrated',
    sharedPromptTokens: 0,
    prefixes: { count: 20, tokens: 64, skew: 1 },
  })
  const fronts = Array.from({ length: 4_000 }, (_, arrival) =>
    String(drawTurn({ ...load, corpus: calibratedCorpus() }, { arrival }).prompt).slice(0, 64 * 4),
  )
  const groups = [...Map.groupBy(fronts, (front) => front).values()].map((group) => group.length)
  expect(groups).toHaveLength(20)
  expect(new Set(fronts.map((front) => front.slice(0, 4 * BLOCK))).size).toBe(20)
  // 1 / H(20) of them draw the first.
  expect(Math.max(...groups) / fronts.length).toBeCloseTo(0.278, 1)
})

test('users begin spread over the whole think time; arrivals come when the schedule says', () => {
  const load = loadOf()
  const firsts = Array.from({ length: 1_000 }, (_, vu) => drawTurn(load, { vu, chat: 0 }).think)
  for (const from of [0, 1_500, 3_000, 4_500]) {
    const quarter = firsts.filter((think) => think >= from && think < from + 1_500)
    expect(quarter.length).toBeGreaterThan(180)
  }
  expect(drawTurn(load, { arrival: 3 }).think).toBe(0)
})

test('drawn lengths follow the workload’s table (Kolmogorov–Smirnov, 1 %)', () => {
  const quantiles: [number, number][] = [
    [0, 3],
    [0.4, 50],
    [0.9, 400],
    [1, 4_000],
  ]
  const table = { quantiles, source: 'x', licence: 'x' }
  const load = loadOf(
    { endpoint: 'completions', sharedPromptTokens: 0, promptTokens: table, outputTokens: table },
    idCorpus(),
  )
  const turns = Array.from({ length: 10_000 }, (_, arrival) => drawTurn(load, { arrival }))
  for (const drawn of [turns.map(({ promptTokens }) => promptTokens), turns.map(({ maxTokens }) => maxTokens)])
    expect(distanceTo(drawn, quantiles)).toBeLessThan(1.63 / 100)
})

test('a trace’s row says the whole prompt and the answer; shared parts give way to one own token', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 3_000 }), fc.integer({ min: 1, max: 900 }), (promptTokens, outputTokens) => {
      const load = loadOf({ sharedPromptTokens: 100, prefixes: { count: 3, tokens: 100 } })
      const completions = { ...load, workload: { ...load.workload, endpoint: 'completions' as const } }
      const turn = drawTurn(completions, { arrival: 1 }, null, { promptTokens, outputTokens })
      expect(turn.maxTokens).toBe(outputTokens)
      expect(tokensOf(turn)).toHaveLength(promptTokens)
    }),
  )
})

test('the share of users that leave is as asked, after as many tokens as drawn', () => {
  const load = loadOf({ cancel: { share: 0.2, afterTokens: { min: 3, max: 9 } } })
  const cancels = Array.from({ length: 5_000 }, (_, arrival) => drawTurn(load, { arrival }).cancel)
  const left = cancels.flatMap((cancel) => (cancel !== null && 'afterTokens' in cancel ? cancel.afterTokens : []))
  expect(left.length / cancels.length).toBeCloseTo(0.2, 1)
  expect([Math.min(...left), Math.max(...left)]).toEqual([3, 9])
})

test('adding who leaves, or prefixes, does not move the lengths that a seed draws', () => {
  const plain = drawTurn(loadOf(), { vu: 9, chat: 4 })
  const more = drawTurn(
    loadOf({ cancel: { share: 1, afterTokens: { fixed: 1 } }, prefixes: { count: 5, tokens: 10 } }),
    {
      vu: 9,
      chat: 4,
    },
  )
  expect(more).toMatchObject({ think: plain.think, maxTokens: plain.maxTokens, promptTokens: plain.promptTokens + 10 })
})

test('the body asks for the drawn length, whatever the model would say', () => {
  const turn = drawTurn(loadOf(), { vu: 1, chat: 0 })
  expect(requestBody(turn, 'm')).toEqual({
    model: 'm',
    messages: turn.messages,
    max_tokens: turn.maxTokens,
    ignore_eos: true,
  })
})
