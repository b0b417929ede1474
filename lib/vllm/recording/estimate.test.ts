import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cpu } from '../hardware/presets.ts'
import { createEstimator } from './estimate.ts'
import { parseRecording } from './format.ts'

const FIXTURES = new URL('../fixtures/vllm-0.32.0/', import.meta.url)
const read = (name: string) => parseRecording(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8'), name)

test('the latencies of a real vLLM alone come near what a fit with replays found', () => {
  const { direct, toCoefficients } = createEstimator(['saturate', 'climb', 'prefix'].map(read))
  const found = toCoefficients(direct())
  const off = (name: 'baseMs' | 'prefillMs' | 'pairMs' | 'decodeMs' | 'contextMs' | 'crowdMs' | 'waitingMs') =>
    Math.abs(found[name] / cpu[name] - 1)
  expect(off('baseMs')).toBeLessThan(0.1)
  expect(off('prefillMs')).toBeLessThan(0.15)
  for (const name of ['pairMs', 'decodeMs', 'contextMs', 'crowdMs', 'waitingMs'] as const) {
    expect(off(name), name).toBeLessThan(0.6)
  }
})

test('on a machine that is ten times as slow all is ten times as much', () => {
  const recording = read('climb')
  const slow = {
    ...recording,
    requests: recording.requests.map((one) => ({
      ...one,
      startMs: one.startMs * 10,
      firstTokenMs: one.firstTokenMs * 10,
      endMs: one.endMs * 10,
    })),
    scrapes: recording.scrapes.map((one) => ({ ...one, atMs: one.atMs * 10 })),
  }
  const [usual, slower] = [recording, slow].map((one) => {
    const { direct, toCoefficients } = createEstimator([one])
    return toCoefficients(direct())
  })
  // A tenth of a millisecond is soon on one, and not on the other.
  for (const name of ['baseMs', 'prefillMs', 'decodeMs', 'waitingMs'] as const) {
    expect(Math.abs((slower?.[name] ?? 0) / (usual?.[name] ?? 1) - 10), name).toBeLessThan(1)
  }
})
