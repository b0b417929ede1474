/** A load of k6's own, against a server and an API server that are played: what tests of the timeline and of the users share. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { faults as registry } from '../../chaos/faults/registry.gen.ts'
import { PackedRequest, RUN_FILES } from '../../lib/core/run-folder.ts'
import { Scenario, type ScenarioInput } from '../../lib/core/scenario.ts'
import { Workload } from '../../lib/core/workload.ts'
import { packRequests } from '../../lib/k6/records.ts'
import type { LoadOptions } from '../../lib/k6/runner.ts'
import { readParquet } from '../../lib/parquet/read.ts'
import { extraUsers } from '../../lib/run/extra-users.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'
import { startFakeCompletions } from './fake-completions.ts'
import { kubeconfigFor, startFakeFaults } from './fake-faults.ts'

export type Told = Parameters<LoadOptions['onEvent']>[0]

export interface LoadBench extends AsyncDisposable {
  dir: string
  server: Awaited<ReturnType<typeof startFakeCompletions>>
  faults: Awaited<ReturnType<typeof startFakeFaults>>
  /** For a load in a run folder of that name; what k6 tells comes to `events`. */
  options(name: string, parts: Partial<ScenarioInput> & Pick<ScenarioInput, 'load'>): LoadOptions & { events: Told[] }
}

/** The server streams a token every `gapMs`. */
export const openLoadBench = async (gapMs: number): Promise<LoadBench> => {
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'firedrill-load-'))
  started.defer(() => rm(dir, { recursive: true }))
  const server = await startFakeCompletions(gapMs)
  started.defer(() => server.close())
  const faults = await startFakeFaults()
  started.defer(() => faults.close())
  const kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigFor(faults.url))
  const stops = started.move()
  return {
    dir,
    server,
    faults,
    options(name, parts) {
      const scenario = Scenario.parse({ name: 'test', summary: 'short', timeline: {}, ...parts })
      const events: Told[] = []
      return {
        events,
        k6: toolPath('k6'),
        runDir: join(dir, name),
        scenario,
        workload: WORKLOAD,
        target: {
          kubeconfig,
          namespace: 'llm',
          selector: 'app=vllm',
          url: server.url,
          model: 'tiny',
          prometheus: { url: server.url, headers: {} },
        },
        runId: `test-${name}abcd`,
        seed: 1,
        extraUsers: extraUsers(scenario, registry),
        onEvent: (event) => void events.push(event),
        signal: new AbortController().signal,
      }
    },
    [Symbol.asyncDispose]: () => stops.disposeAsync(),
  }
}

/** The records of the requests, as the run packs them once those of the faults are there. */
export const packedIn = async (runDir: string): Promise<PackedRequest[]> => {
  await packRequests(runDir, [])
  return z.array(PackedRequest).parse(await readParquet(join(runDir, RUN_FILES.requests)))
}

// --- Internal helpers ---

const WORKLOAD = Workload.parse({
  name: 'test',
  summary: 'short',
  endpoint: 'chat',
  sharedPromptTokens: 40,
  promptTokens: { min: 20, max: 30 },
  outputTokens: { min: 10, max: 14 },
  thinkTime: { min: '100ms', max: '200ms' },
  requestTimeout: '10s',
})
