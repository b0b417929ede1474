import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FaultResource } from '../lib/core/fault-resource.ts'
import { PodRecord, RUN_FILES, RunInfo } from '../lib/core/run-folder.ts'
import { Verdict } from '../lib/core/verdict.ts'
import { type Entry, openEntry } from './support/entry.ts'

/**
 * A real vLLM, which is 6 GB that nobody should find on their disk by running tests: only where FIREDRILL_E2E_VLLM is set. The
 * install is the one in the cache folder, made where there is none: some ten minutes in all on two cores.
 */
const NAME = 'vllm-test'
const MINUTE = 60_000

const Models = z.object({
  data: z.array(z.object({ id: z.string(), owned_by: z.string(), max_model_len: z.number() })),
})
const Completion = z.object({ usage: z.object({ completion_tokens: z.number() }) })

describe.skipIf(process.env['FIREDRILL_E2E_VLLM'] === undefined)('up --engine vllm', () => {
  let entry: Entry
  let url = ''

  beforeAll(async () => {
    entry = await openEntry(NAME)
    const { exitCode, stdout, stderr } = await entry.run('up', '--name', NAME, '--engine', 'vllm')
    expect(exitCode, stderr).toBe(0)
    url = /--url (\S+)/.exec(stdout)?.[1] ?? ''
  }, 20 * MINUTE)

  afterAll(async () => {
    expect((await entry.run('down', '--name', NAME)).exitCode).toBe(0)
    await entry.remove()
  })

  test('real processes serve: their own API, their own metrics, memory held on the emulated GPU', async () => {
    const models = Models.parse(await (await fetch(`${url}/v1/models`)).json())
    expect(models.data).toEqual([{ id: 'tiny', owned_by: 'vllm', max_model_len: 4_096 }])
    const body = {
      model: 'tiny',
      messages: [{ role: 'user', content: 'how are you' }],
      max_tokens: 7,
      ignore_eos: true,
    }
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(Completion.parse(await answer.json()).usage.completion_tokens).toBe(7)
    const { stdout: log } = await entry.kubectl('logs', '-n', 'llm', '-l', 'app=vllm', '--tail=-1')
    expect(log).toContain('firedrill (emulated GPU): holds 74528 MiB for vLLM')
    expect(log).toMatch(/EngineCore.*Initializing a V1 LLM engine/)
  })

  test('another engine is refused on the cluster, the same one is not', async () => {
    const file = await entry.file('engine.yaml', 'venv: /nowhere\nreplicas: 1\nargs: []\n')
    const { exitCode, stderr } = await entry.run('up', '--name', NAME, '--engine', file)
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('error[engine-differs]')])
  })

  test(
    'a replica is starved and another killed, and both are judged',
    async () => {
      const scenario = join(import.meta.dirname, '../scenarios/real-engine.ts')
      const { stderr } = await entry.run('run', scenario, '--name', NAME, '--no-calibrate')
      const dir = await realpath(join(entry.folder, 'runs/latest')).catch(() => expect.fail(stderr))
      const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(dir, file), 'utf8'))

      const info = RunInfo.parse(await json(RUN_FILES.run))
      expect(info).toMatchObject({ ending: 'completed', synthetic: ['gpu', 'weights'], scale: { flags: 0.2 } })
      const faults = z.array(FaultResource).parse(await json(RUN_FILES.faults))
      // In the order of their names.
      expect(faults.map(({ spec, status }) => [spec.kind, status?.phase])).toEqual([
        ['pod-kill', 'Recovered'],
        ['gpu-memory-pressure', 'Recovered'],
      ])
      const pods = (await readFile(join(dir, RUN_FILES.pods), 'utf8')).trim().split('\n')
      const failed = pods.map((line) => PodRecord.parse(JSON.parse(line))).filter(({ restarts }) => restarts > 0)
      expect(failed.length).toBeGreaterThan(0)
      const verdict = Verdict.parse(await json(RUN_FILES.verdict))
      const asked = verdict.answers.filter(({ step }) => step !== null)
      expect(asked.map(({ step, outcome }) => [step, outcome])).toEqual([
        ['starve', 'pass'],
        ['kill', 'pass'],
      ])
    },
    15 * MINUTE,
  )
})
