import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Scenario } from '../core/scenario.ts'
import { Workload } from '../core/workload.ts'
import chat from '../../scenarios/workloads/chat.ts'
import quick from '../../scenarios/quick.ts'
import { writeBundle } from './bundle.ts'
import { loadDuration, scriptData } from './script-data.ts'

const data = scriptData(Scenario.parse(quick), Workload.parse(chat), 1)

test('the script carries the scenario, each step with a seed of its own', () => {
  expect(data.stages.at(0)?.to).toBe(1_000)
  expect(loadDuration(data.stages)).toBeGreaterThan(60_000)
  const [first] = data.steps
  expect(first?.when.kind).toBe('at')
  expect(first?.spec.durationSeconds).toBeGreaterThan(0)
  expect(new Set(data.steps.map(({ spec }) => spec.seed)).size).toBe(data.steps.length)
})

test('the bundle is one small file: every virtual user evaluates it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bundle-'))
  await writeBundle(join(dir, 'bundle.js'), data)
  const text = await readFile(join(dir, 'bundle.js'), 'utf8')
  await rm(dir, { recursive: true })
  expect(text.length).toBeLessThan(16_000)
  const imports = [...text.matchAll(/from "([^"]+)"/g)].map((match) => match[1])
  expect(imports.sort()).toEqual(['k6', 'k6/execution', 'k6/x/kubernetes', 'k6/x/llm'])
  expect(text).toContain('gpu-memory-pressure')
})
