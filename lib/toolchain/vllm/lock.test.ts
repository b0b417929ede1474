import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { VLLM_VERSION } from './install.ts'
import { countPackages } from './pip-progress.ts'

const lock = readFileSync(new URL('requirements.lock.txt', import.meta.url), 'utf8')
const requirements = lock
  .replaceAll(/^#.*\n/gm, '')
  .split(/\n(?=\S)/)
  .filter((text) => text.trim() !== '')

test('every package is pinned, and every file that pip may take has its hash', () => {
  for (const requirement of requirements)
    expect(requirement).toMatch(
      /^[\w.-]+==[\w.+!-]+(?: ; python_version >= '3\.12')?(?: \\\n {4}--hash=sha256:[0-9a-f]{64})+\s*$/,
    )
  expect(countPackages(lock)).toBe(requirements.length)
})

test('no package comes from a place of its own', () => {
  expect(lock).not.toMatch(/https?:|index-url|find-links/)
})

test('it is the vLLM that is asked for', () => {
  expect(lock).toContain(`\nvllm-cpu==${VLLM_VERSION} `)
})
