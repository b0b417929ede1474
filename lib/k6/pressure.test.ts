import { describe, expect, test } from 'vitest'
import { Workload, type WorkloadInput } from '../core/workload.ts'
import type { Traffic } from '../core/traffic.ts'
import { calibratedCorpus, idCorpus } from './prompt/corpus.ts'
import { isSpent, type Pressure } from './pressure.ts'
import { carryOn, drawSizes, drawTurn, type Load, makeTurn, requestBody, type TurnKey } from './turn.ts'

const load = (more: Partial<WorkloadInput> = {}): Load => ({
  seed: 1,
  corpus: more.promptTokenizer === 'ids' ? idCorpus() : calibratedCorpus(),
  workload: Workload.parse({
    name: 'x',
    summary: 'x',
    endpoint: 'chat',
    sharedPromptTokens: 120,
    promptTokens: { min: 100, max: 300 },
    outputTokens: { min: 60, max: 140 },
    requestTimeout: '1m',
    ...more,
  }),
})

const keys: TurnKey[] = Array.from({ length: 200 }, (_, index) => ({ vu: index % 20, chat: index }))

const press = (traffic: Traffic, step = 'a', seed = 7): Pressure => ({ step, seed, traffic })

const turns = (of: Load, pressures: Pressure[]) =>
  keys.map((key) => makeTurn(of, key, null, drawSizes(of, key, 0, null), pressures))

const LONGER: Traffic = { kind: 'longer-prompts', share: 1, factor: 2, tokens: 50 }
const UNIQUE: Traffic = { kind: 'unique-prefixes', share: 1 }
const LEAVING: Traffic = { kind: 'leaving', share: 0.3, cancel: { afterTokens: 4 } }

describe('a request under pressure', () => {
  test('is its old self without any, and names none', () => {
    const plain = load()
    for (const [index, turn] of turns(plain, []).entries()) {
      expect(turn).toEqual(drawTurn(plain, keys[index] ?? { arrival: 0 }))
      expect(turn.traffic).toEqual([])
    }
  })

  test('is the same whenever it is pressed, and all else of it is as it was', () => {
    const of = load()
    const [once, again] = [turns(of, [press(LEAVING)]), turns(of, [press(LEAVING)])]
    expect(once).toEqual(again)
    const plain = turns(of, [])
    const left = once.filter(({ cancel }) => cancel !== null)
    // 60 of 200, give or take five standard deviations.
    expect(left.length).toBeGreaterThan(28)
    expect(left.length).toBeLessThan(92)
    for (const [index, turn] of once.entries()) {
      expect(turn.traffic).toEqual(turn.cancel === null ? [] : ['a'])
      expect({ ...turn, cancel: null, traffic: [] }).toEqual(plain[index])
    }
    // Another fault draws others.
    const other = turns(of, [press(LEAVING, 'b', 8)])
    expect(other.map(({ cancel }) => cancel)).not.toEqual(once.map(({ cancel }) => cancel))
  })

  test('grows by its own part', () => {
    const of = load()
    const plain = turns(of, [])
    for (const [index, { promptTokens }] of turns(of, [press(LONGER)]).entries()) {
      const before = plain[index]?.promptTokens ?? 0
      expect(promptTokens).toBe(120 + 2 * (before - 120) + 50)
    }
    const [key = { arrival: 0 }] = keys
    const row = { promptTokens: 400, outputTokens: 10 }
    const traced = makeTurn(of, key, null, drawSizes(of, key, 0, row), [press(LONGER)])
    expect(traced.promptTokens).toBe(850)
  })

  test('several faults do their part, and all are named', () => {
    for (const turn of turns(load(), [press(LONGER), press(UNIQUE, 'b'), press(LEAVING, 'c')])) {
      expect(turn.traffic.slice(0, 2)).toEqual(['a', 'b'])
      expect(turn.cancel === null).toBe(turn.traffic.length === 2)
    }
  })

  test('a surge changes none of the others', () => {
    const of = load()
    expect(turns(of, [press({ kind: 'surge', factor: 2, perSecond: null })])).toEqual(turns(of, []))
  })
})

describe('a chat whose messages were made under pressure', () => {
  const of = load({ turns: { count: { fixed: 3 }, thinkTime: { min: 0, max: 0 } } })
  const key = { vu: 1, chat: 1 }
  const next = (traffic: Traffic) => {
    const history = carryOn(of, makeTurn(of, key, null, drawSizes(of, key, 0, null), [press(traffic)]), null)
    return history ?? expect.fail('a chat of three turns ends after one')
  }

  test.each([LONGER, UNIQUE])('ends with what pressed on it, and names it until then: $kind', (traffic) => {
    const history = next(traffic)
    expect(history.kept).toEqual(['a'])
    expect(isSpent(history.kept, [press(LEAVING, 'b')])).toBe(true)
    expect(isSpent(history.kept, [press(traffic)])).toBe(false)
    const second = makeTurn(of, key, history, drawSizes(of, key, 1, null), [press({ ...LEAVING, share: 1 }, 'b')])
    expect(second.traffic).toEqual(['a', 'b'])
    expect(carryOn(of, second, null)?.kept).toEqual(['a'])
  })

  test('goes on where its messages are the workload’s own', () => {
    expect(next({ ...LEAVING, share: 1 }).kept).toEqual([])
    expect(isSpent([], [])).toBe(false)
  })
})

describe('a unique prefix', () => {
  const textOf = (body: Record<string, unknown>): string => JSON.stringify(body['messages'] ?? body['prompt'])

  test.each([
    ['of chats', {}],
    ['of chats from a pool', { prefixes: { count: 3, tokens: 40 } }],
    ['of completions in text', { endpoint: 'completions', promptTokenizer: 'calibrated' }],
    ['of completions in token ids', { endpoint: 'completions', promptTokenizer: 'ids' }],
  ] as const)('%s is nobody else’s from the first words on, and as long', (_, more) => {
    const of = load(more)
    const plain = turns(of, []).map((turn) => textOf(requestBody(turn, 'm')))
    const alone = turns(of, [press(UNIQUE)]).map((turn) => textOf(requestBody(turn, 'm')))
    const start = (text: string): string => text.slice(0, 80)
    expect(new Set(plain.map(start)).size).toBeLessThan(4)
    expect(new Set(alone.map(start)).size).toBe(alone.length)
    expect(alone.map((text) => text.split(/[ ,]+/).length)).toEqual(plain.map((text) => text.split(/[ ,]+/).length))
    expect(turns(of, [press(UNIQUE)]).map(({ promptTokens }) => promptTokens)).toEqual(
      turns(of, []).map(({ promptTokens }) => promptTokens),
    )
  })

  test('of a later turn is in front of the chat so far', () => {
    const of = load({ turns: { count: { fixed: 3 }, thinkTime: { min: 0, max: 0 } } })
    const key = { vu: 1, chat: 1 }
    const first = drawTurn(of, key)
    const history = carryOn(of, first, null)
    const sizes = drawSizes(of, key, 1, null)
    const [plain, alone] = [[], [press(UNIQUE)]].map((pressures) => makeTurn(of, key, history, sizes, pressures))
    expect(alone?.messages?.slice(1)).toEqual(plain?.messages?.slice(1))
    expect(alone?.messages?.[0]?.content).not.toBe(plain?.messages?.[0]?.content)
    expect(alone?.messages?.[0]?.content.slice(80)).toBe(plain?.messages?.[0]?.content.slice(80))
  })
})
