import { describe, expect, test } from 'vitest'
import { agree, takenBack } from './taken-back.ts'

const ARGS = ['--model', 'm', '--max-num-seqs', '256', '--enable-prefix-caching']
const OURS = [...ARGS, '--num-gpu-blocks-override', '200']

describe('a change is taken back', () => {
  test('to exactly what it was, where nobody touched it', () => {
    expect(takenBack({ args: ARGS }, { args: OURS }, { args: OURS })).toEqual({ args: ARGS })
    expect(takenBack({ args: null }, { args: ['--x'] }, { args: ['--x'] })).toEqual({ args: null })
    expect(takenBack({ image: 'a:1' }, { image: 'a:2' }, { image: 'a:2' })).toEqual({ image: 'a:1' })
    expect(takenBack({ replicas: 3 }, { replicas: 2 }, { replicas: 2, image: 'a' })).toEqual({ replicas: 3 })
    expect(takenBack({ startupProbe: null }, { startupProbe: { a: 1 } }, { startupProbe: { a: 1 } })).toEqual({
      startupProbe: null,
    })
  })

  test('not where somebody set a value of their own meanwhile', () => {
    expect(takenBack({ image: 'a:1' }, { image: 'a:2' }, { image: 'a:3' })).toEqual({ image: 'a:3' })
    expect(takenBack({ replicas: 3 }, { replicas: 2 }, { replicas: 5 })).toEqual({ replicas: 5 })
    expect(takenBack({ args: ARGS }, { args: OURS }, { args: null })).toEqual({ args: null })
    const theirs = ['--model', 'other', '--num-gpu-blocks-override', '900']
    expect(takenBack({ args: ARGS }, { args: OURS }, { args: theirs })).toEqual({ args: theirs })
    expect(takenBack({ startupProbe: { a: 1 } }, { startupProbe: { a: 2 } }, { startupProbe: null })).toEqual({
      startupProbe: null,
    })
  })

  test('out of a deploy on top of it: our option goes, theirs stay', () => {
    const theirs = ['--model', 'm2', '--num-gpu-blocks-override', '200', '--max-num-seqs', '64', '--new']
    expect(takenBack({ args: ARGS }, { args: OURS }, { args: theirs })).toEqual({
      args: ['--model', 'm2', '--max-num-seqs', '64', '--new'],
    })
    const replaced = ['--model', 'm', '--max-num-seqs', 'many', '--enable-prefix-caching']
    const now = ['--max-num-seqs=many', '--model', 'm']
    expect(takenBack({ args: ARGS }, { args: replaced }, { args: now })).toEqual({
      args: ['--max-num-seqs=256', '--model', 'm'],
    })
  })

  test('out of a probe, key by key', () => {
    const before = { httpGet: { path: '/health', port: 1 }, periodSeconds: 10, initialDelaySeconds: 5 }
    const after = { httpGet: { path: '/never', port: 1 }, periodSeconds: 10 }
    const now = { httpGet: { path: '/never', port: 2 }, periodSeconds: 7, timeoutSeconds: 3 }
    expect(takenBack({ readinessProbe: before }, { readinessProbe: after }, { readinessProbe: now })).toEqual({
      readinessProbe: {
        httpGet: { path: '/health', port: 2 },
        periodSeconds: 7,
        timeoutSeconds: 3,
        initialDelaySeconds: 5,
      },
    })
  })
})

test('fields agree where those that are expected have the same values', () => {
  expect(agree({ args: ['a'] }, { args: ['a'], image: 'x' })).toBe(true)
  expect(agree({ args: null }, { args: [] })).toBe(false)
  expect(agree({ replicas: 3, image: 'x' }, { replicas: 2, image: 'x' })).toBe(false)
})
