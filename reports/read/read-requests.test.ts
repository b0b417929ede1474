import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { writeParquet } from '../../lib/parquet/write.ts'
import { score } from '../score/score.ts'
import { buildRun } from '../testing/build-run.ts'
import { readRequests } from './read-requests.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'requests-'))
  await mkdir(dirname(join(dir, RUN_FILES.requests)))
})
afterEach(() => rm(dir, { recursive: true }))

/** A file of the first version: these columns and no others. */
const OLD = [
  { name: 'id', type: 'STRING', data: ['smoke-mi9-1-0', 'smoke-mi9-2-0'] },
  { name: 'vu', type: 'INT32', data: [1, 2] },
  { name: 'iteration', type: 'INT32', data: [0, 0] },
  { name: 'started', type: 'DOUBLE', data: [1_795_310_010_000.5, 1_795_310_011_000] },
  { name: 'ended', type: 'DOUBLE', data: [1_795_310_012_000, 1_795_310_011_015] },
  { name: 'ttft', type: 'DOUBLE', data: [210.5, null] },
  { name: 'tpot', type: 'DOUBLE', data: [20, null] },
  { name: 'e2e', type: 'DOUBLE', data: [1_999.5, 15] },
  { name: 'gapMax', type: 'DOUBLE', data: [41, null] },
  { name: 'gapP99', type: 'DOUBLE', data: [40, null] },
  { name: 'promptTokens', type: 'INT32', data: [300, null] },
  { name: 'outputTokens', type: 'INT32', data: [90, 0] },
  { name: 'tokensFrom', type: 'STRING', data: ['usage', 'chunks'] },
  { name: 'status', type: 'INT32', data: [200, 0] },
  { name: 'outcome', type: 'STRING', data: ['ok', 'connect_refused'] },
  { name: 'error', type: 'STRING', data: [null, 'connection refused'] },
  { name: 'replica', type: 'STRING', data: ['vllm-0', null] },
] as const

test('a run made before the columns existed can be read and judged', async () => {
  await writeParquet(join(dir, RUN_FILES.requests), OLD)
  const problems: never[] = []
  const { requests, gaps } = await readRequests({ dir, problems })
  expect(problems).toEqual([])
  expect(requests).toHaveLength(2)
  expect(requests?.[0]).toMatchObject({ ttft: 210.5, arrival: null, intended: null, written: null, finishReason: null })
  expect(gaps).toEqual([])
  const { load } = score({ ...buildRun(), requests })
  expect(load).toMatchObject({
    requests: 2,
    failedRequests: 1,
    ttft: { p50: 211 },
    wait: { p50: 211 },
    firstChoice: null,
    gap: null,
    outcomes: { connect_refused: 1, ok: 1 },
  })
})

test('the gaps of all requests are added up, and not kept with them', async () => {
  const row = { ...buildRun().requests?.[0], gaps: [[40_000, 2]] }
  const lines = [
    row,
    {
      ...row,
      gaps: [
        [39, 1],
        [40_000, 5],
      ],
    },
  ].map((line) => JSON.stringify(line))
  await writeFile(join(dir, RUN_FILES.requestSpool), `${lines.join('\n')}\n{"id":"torn`)
  const problems: { kind: string; reason: string }[] = []
  const { requests, gaps } = await readRequests({ dir, problems } as never)
  expect(requests).toHaveLength(2)
  expect(requests?.[0]).not.toHaveProperty('gaps')
  expect(gaps).toEqual([
    [39, 1],
    [40_000, 7],
  ])
  expect(problems).toMatchObject([{ kind: 'torn', reason: expect.stringContaining('1 line is unreadable, line 3') }])
})
