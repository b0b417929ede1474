import { MemoryStorage } from '@openfeature/flagd-core'
import { expect, test } from 'vitest'
import { parseFlags } from '../../lib/core/flag-document.ts'
import { flagDefinitions, flagsDocument } from './definitions.ts'

test("flagd's engine takes the document, strictly", () => {
  const silent = () => undefined
  const storage = new MemoryStorage({ error: silent, warn: silent, info: silent, debug: silent })
  storage.setConfigurations(flagsDocument, true)
  expect([...storage.getFlags().keys()]).toEqual(flagDefinitions.map(({ name }) => name))
})

test('every flag is off, says what it does, and has something to be turned to', () => {
  expect(flagDefinitions.map(({ name }) => name)).toEqual([
    'prompt-template',
    'runaway-max-tokens',
    'cache-busting-prefix',
    'retry-storm',
    'sticky-routing',
    'rate-limit-errors',
  ])
  for (const { defaultVariant, variants, summary } of flagDefinitions) {
    expect(defaultVariant).toBe('off')
    expect(Object.keys(variants).length).toBeGreaterThan(1)
    expect(variants['off']).toBeDefined()
    expect(summary).not.toBe('')
  }
})

test('the fault that flips flags reads the same document', () => {
  expect(Object.keys(parseFlags(flagsDocument).flags)).toHaveLength(flagDefinitions.length)
})
