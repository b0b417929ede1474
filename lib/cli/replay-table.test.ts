import { expect, test } from 'vitest'
import { cpu } from '../vllm/hardware/presets.ts'
import { pickCoefficients } from '../vllm/recording/coefficients.ts'
import { fitTable } from './replay-table.ts'

test('a fit says of each coefficient how far off it can be, or that nobody knows', () => {
  const coefficients = pickCoefficients(cpu)
  const errors = { ...coefficients, baseMs: cpu.baseMs * 0.04, waitingMs: Number.POSITIVE_INFINITY }
  const lines = fitTable({ coefficients, errors, cost: 1 }).split('\n')
  expect(lines.find((line) => line.startsWith('baseMs'))).toMatch(/6\.563 .*± 4 % /)
  expect(lines.find((line) => line.startsWith('decodeMs'))).toMatch(/0\.3484 .*not determined/)
  expect(lines.find((line) => line.startsWith('waitingMs'))).toMatch(/0\.1041 .*not determined/)
  expect(lines).toContainEqual(expect.stringMatching(/^Not determined: with half of it/))
})
