import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cpu } from '../lib/vllm/hardware/presets.ts'
import { judgeReplay, undetermined } from '../lib/vllm/recording/fit.ts'
import { parseRecording } from '../lib/vllm/recording/format.ts'
import type { Recording } from '../lib/vllm/recording/recording.ts'
import { fit } from '../lib/vllm/recording/testing/fit.ts'

const FIXTURES = new URL('../lib/vllm/fixtures/vllm-0.32.0/', import.meta.url)
const RECORDINGS = ['saturate', 'climb', 'prefix'].map((name) =>
  parseRecording(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8'), name),
)

const misses = (recording: Recording, coefficients: Parameters<typeof judgeReplay>[1]) =>
  judgeReplay(recording, coefficients).filter(({ holds }) => !holds)

test('a fit to the recordings of a real vLLM is as near as the cpu preset, and says what it leaves open', () => {
  const found = fit(RECORDINGS)
  for (const recording of RECORDINGS) expect(misses(recording, found.coefficients)).toEqual([])
  expect(found.coefficients.baseMs / cpu.baseMs).toBeCloseTo(1, 0.7)
  expect(found.coefficients.prefillMs / cpu.prefillMs).toBeCloseTo(1, 0.7)
  const unknown = undetermined(found)
  expect(unknown).not.toContain('baseMs')
  expect(unknown).not.toContain('prefillMs')
  expect(unknown).toContain('replyMs')
})
