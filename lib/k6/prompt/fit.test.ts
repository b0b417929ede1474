import { describe, expect, test } from 'vitest'
import { Workload, type WorkloadInput } from '../../core/workload.ts'
import { drawTurn, type Message } from '../turn.ts'
import { fitCorpus, type Tokenize } from './fit.ts'

/** A tokenizer as real ones are: words split at spaces, a begin-of-sequence token, a template with its own tokens. */
const tokenizer =
  (cost: (word: string, first: boolean) => number, template = { start: 1, turn: 5, end: 3 }): Tokenize =>
  (input) => {
    const content = (text: string): number =>
      text === '' ? 0 : text.split(' ').reduce((sum, word, index) => sum + cost(word, index === 0), 0)
    const count =
      'prompt' in input
        ? template.start + content(input.prompt)
        : input.messages.reduce((sum, { content: text }: Message) => sum + template.turn + content(text.trim()), 0) +
          template.start +
          template.end
    return Array.from({ length: count }, (_, index) => index)
  }

const workload = (more: Partial<WorkloadInput> = {}): Workload =>
  Workload.parse({
    name: 'x',
    summary: 'x',
    endpoint: 'chat',
    sharedPromptTokens: 40,
    promptTokens: { min: 50, max: 500 },
    outputTokens: { fixed: 10 },
    requestTimeout: '1m',
    ...more,
  })

const several = { turns: { count: { fixed: 4 }, thinkTime: { min: 0, max: 0 } } }

describe('words that are one token each are found', () => {
  test.each([
    ['of all', () => 1, {}],
    ['where some are split', (word: string) => (/[aeiou]{2}|^[dm]/.test(word) ? 2 : 1), {}],
    [
      'where some are split at the start only',
      (word: string, first: boolean) => (first && word > 'g' ? 2 : 1),
      several,
    ],
    ['of one letter, where longer ones are not in the vocabulary', (word: string) => word.length, several],
  ])('%s', (_, cost, more) => {
    const tokenize = tokenizer(cost)
    for (const endpoint of ['chat', 'completions'] as const) {
      const load = workload(endpoint === 'chat' ? { ...more } : { endpoint })
      const corpus = fitCorpus(load, tokenize)
      expect(corpus).toMatchObject({ mode: 'server', exact: true, tokensPerWord: 1 })
      for (let arrival = 0; arrival < 300; arrival++) {
        const turn = drawTurn({ workload: load, seed: 1, corpus }, { arrival })
        const input = turn.messages === null ? { prompt: String(turn.prompt) } : { messages: turn.messages }
        expect(tokenize(input)).toHaveLength(turn.promptTokens)
        expect(turn.promptTokens).toBeGreaterThanOrEqual(90)
      }
    }
  })
})

test('a tokenizer that splits every word is told so, and lengths are right on average', () => {
  const tokenize = tokenizer((word) => word.length)
  const odd: Tokenize = (input) => {
    const tokens = tokenize(input)
    // Not the sum of its words: nothing can be exact.
    return tokens !== null && tokens.length > 100 ? tokens.slice(3) : tokens
  }
  const load = workload()
  const corpus = fitCorpus(load, odd)
  expect(corpus).toMatchObject({ mode: 'server', exact: false })
  expect(corpus.note).toMatch(/3\.\d\d tokens of a word|2\.9\d tokens of a word/)
  const turn = drawTurn({ workload: load, seed: 1, corpus }, { arrival: 1 })
  const counted = odd({ messages: turn.messages ?? [] })?.length ?? 0
  expect(Math.abs(counted - turn.promptTokens)).toBeLessThan(8)
})

describe('without /tokenize', () => {
  test.each([
    ['chat', 'auto', 'calibrated'],
    ['completions', 'auto', 'ids'],
    ['completions', 'calibrated', 'calibrated'],
    ['completions', 'ids', 'ids'],
  ] as const)('%s with %s: %s', (endpoint, promptTokenizer, mode) => {
    expect(fitCorpus(workload({ endpoint, promptTokenizer }), () => null)).toMatchObject({ mode })
  })

  test('a server that breaks while it is asked is no reason to stop, and the note tells', () => {
    const corpus = fitCorpus(workload(), () => {
      throw new Error('HTTP 502')
    })
    expect(corpus).toMatchObject({ mode: 'calibrated', exact: false })
    expect(corpus.note).toContain('HTTP 502')
  })
})

test('token ids are taken from the server’s own vocabulary, which may be tiny', () => {
  const ids: Tokenize = (input) =>
    ['prompt' in input ? input.prompt : ''].flatMap((text) => [
      1,
      ...text
        .split(' ')
        .filter(Boolean)
        .map((word) => 300 + (word.charCodeAt(0) % 30)),
    ])
  const load = workload({ endpoint: 'completions', promptTokenizer: 'ids' })
  const corpus = fitCorpus(load, ids)
  const { prompt, promptTokens } = drawTurn({ workload: load, seed: 1, corpus }, { arrival: 1 })
  expect(prompt).toHaveLength(promptTokens)
  for (const id of prompt ?? []) expect(Number(id) >= 300 && Number(id) < 330).toBe(true)
})
