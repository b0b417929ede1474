import { expect, test } from 'vitest'
import type { ActContext, FaultKube } from '../../lib/core/fault.ts'
import type { ExecResult } from '../../lib/core/fault-kube/exec.ts'
import { systemClock } from '../../lib/core/clock.ts'
import { seededRandom } from '../../lib/core/random.ts'
import fault from './gpu-throttle.ts'
import { SNAPSHOT } from './testing/examples.ts'

const planned = fault.plan({
  params: fault.params.parse({ watts: 300 }),
  target: SNAPSHOT,
  random: seededRandom(1),
  id: 'f-1',
  now: 1_000,
  durationMs: 30_000,
})
const plan = planned.ok ? planned.plan : expect.fail(planned.reason)

interface World {
  /** What nvidia-smi says in the victim: null where there is no victim. */
  limit: string | null
  exitCode?: number
  node?: boolean
  /** Jobs that are there, and whether a pod of theirs is ready. */
  jobs?: Record<string, boolean>
}

const heal = async ({ limit, exitCode = 0, node = true, jobs = {} }: World) => {
  const created: string[] = []
  const there = new Map(Object.entries(jobs))
  const answer: ExecResult | null = limit === null ? null : { exitCode, stdout: `${limit}\n`, stderr: '' }
  const kube: Partial<FaultKube> = {
    readNode: async (name) => (node ? { name, uid: 'u', ready: true, unschedulable: false, annotations: {} } : null),
    exec: async () => answer,
    // As the API server: a Job that is there stays as it is.
    createJob: async (job) => {
      const { name } = job['metadata'] as { name: string }
      created.push(name)
      if (!there.has(name)) there.set(name, true)
    },
    deleteJob: async (name) => void there.delete(name),
    jobRunning: async (name) => there.get(name) ?? false,
    jobEnded: async (name) => there.get(name) !== true,
    jobGone: async (name) => !there.has(name),
  }
  const context: ActContext<typeof plan> = {
    plan,
    kube: kube as FaultKube,
    observe: { query: async () => [] },
    injectedAt: 0,
    clock: { ...systemClock, now: () => Date.now(), sleep: () => Promise.reject(new Error('it waits')) },
    signal: new AbortController().signal,
  }
  await fault.heal(context)
  return { created, left: [...there.keys()] }
}

const [CAP, BACK] = ['f-1-0', 'f-1-0-back']

test('a cap that is still in force is taken back by a Job, and none is left', async () => {
  expect(await heal({ limit: '300.00', jobs: { [CAP]: true } })).toEqual({ created: [BACK], left: [] })
})

test('where the victim cannot say, a Job looks', async () => {
  for (const world of [{ limit: null }, { limit: '[N/A]' }, { limit: 'no device', exitCode: 9 }]) {
    expect(await heal(world)).toEqual({ created: [BACK], left: [] })
  }
})

test('the ended Job of a healer before us is replaced', async () => {
  expect(await heal({ limit: '300.00', jobs: { [BACK]: false } })).toEqual({ created: [BACK], left: [] })
})

test('nothing is started where the limit is not ours: given back already, or never capped', async () => {
  expect(await heal({ limit: '700.00', jobs: { [CAP]: true } })).toEqual({ created: [], left: [] })
  expect(await heal({ limit: '700.00' })).toEqual({ created: [], left: [] })
})

test('with its node the cap is gone', async () => {
  expect(await heal({ limit: null, node: false, jobs: { [CAP]: false, [BACK]: false } })).toEqual({
    created: [],
    left: [],
  })
})
