import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isShellScript, optionOf, optionsOf, withOption, withoutOption } from './arguments.ts'

const NAMES = ['--model', '--port', '--max-num-seqs', '--max_model_len', '--enable-prefix-caching', '-tp']
const value = fc.constantFrom('8000', 'a', '-1', '0.92', 'x=y')
const entry = fc.record({ name: fc.constantFrom(...NAMES), value: fc.option(value), inline: fc.boolean() })
const worded = ({ name, value: given, inline }: { name: string; value: string | null; inline: boolean }): string[] =>
  given === null ? [name] : inline ? [`${name}=${given}`] : [name, given]
/** Each option at most once: what people write. */
const argv = fc.uniqueArray(entry, { selector: ({ name }) => name }).map((entries) => entries.flatMap(worded))
/** As people also write it: the same option again, and words that belong to none. */
const wild = fc
  .array(fc.oneof(entry.map(worded), fc.constantFrom(['serve'], ['model/name'])))
  .map((parts) => parts.flat())
const option = fc.constantFrom(...NAMES, '--num-gpu-blocks-override')

describe('an option of a command line', () => {
  test('is what was set, in whatever form it stands', () => {
    fc.assert(
      fc.property(wild, option, fc.option(value), (args, name, to) => {
        fc.pre(to !== null || !takesNext(args, name))
        expect(optionOf(withOption(args, name, to), name)).toBe(to)
      }),
    )
  })

  test('is set without touching the others, and once however often', () => {
    fc.assert(
      fc.property(wild, option, value, (args, name, to) => {
        const set = withOption(args, name, to)
        for (const other of NAMES.filter((known) => known !== name))
          expect(optionOf(set, other)).toBe(optionOf(args, other))
        expect(withOption(set, name, to)).toEqual(set)
      }),
    )
  })

  test('goes back to where it was: added and taken away, or set and set back', () => {
    fc.assert(
      fc.property(argv, option, value, (args, name, to) => {
        const before = optionOf(args, name)
        const set = withOption(args, name, to)
        if (before === undefined) expect(withoutOption(set, name)).toEqual(args)
        else if (before !== null) expect(withOption(set, name, before)).toEqual(args)
        expect(optionOf(withoutOption(set, name), name)).toBeUndefined()
      }),
    )
  })

  test.each([
    [['--a', '1', '--b=2'], '--a', '3', ['--a', '3', '--b=2']],
    [['--a', '1', '--b=2'], '--b', '3', ['--a', '1', '--b=3']],
    [['serve', 'm', '--max_num_seqs', '4'], '--max-num-seqs', '8', ['serve', 'm', '--max_num_seqs', '8']],
    [['--a', '1', '--a', '2'], '--a', '3', ['--a', '1', '--a', '3']],
    [['--a'], '--a', '-x', ['--a=-x']],
    [[], '--a', null, ['--a']],
  ])('%j with %s %s is %j', (args, name, to, expected) => {
    expect(withOption(args, name, to)).toEqual(expected)
  })

  test('names are told apart by more than their beginning, and listed as written', () => {
    expect(optionOf(['--max-num-seqs-x', '1'], '--max-num-seqs')).toBeUndefined()
    expect(optionsOf(['m', '--a_b=1', '--c', '-1', '--a-b', '2'])).toEqual(['--a_b', '--c'])
  })
})

test.each([
  [['/bin/sh', '-c', 'exec vllm serve m'], [], true],
  [['bash'], ['-ec', 'vllm serve m'], true],
  [['vllm', 'serve'], ['-c', 'x'], false],
  [[], ['--model', 'sh'], false],
])('%j %j as a script for a shell: %s', (command, args, expected) => {
  expect(isShellScript(command, args)).toBe(expected)
})

// --- Internal helpers ---

/** Where an option that stands before a word of its own is set to nothing, that word becomes its value. */
const takesNext = (args: readonly string[], name: string): boolean =>
  withOption(args, name, null).some(
    (word, at, words) => word === name && words[at + 1] !== undefined && !/^--?[A-Za-z]/.test(words[at + 1] ?? ''),
  )
