import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../../lib/core/clock.ts'
import type { AnyFault } from '../../../lib/core/fault.ts'
import { seededRandom } from '../../../lib/core/random.ts'
import { connect, isTransient } from '../../../lib/kube/client.ts'
import { type FakeAnswer, fakeApi } from '../../../tests/support/fake-api.ts'
import { faultOf } from '../../../tests/support/target.ts'
import { faults } from '../../faults/registry.gen.ts'
import { SNAPSHOT } from '../../faults/testing/examples.ts'
import { rehearse } from './rehearsal.ts'

/** A second lasts ten milliseconds: for answers that never come. A busy machine would miss others. */
const fast: Clock = {
  now: () => 100 * performance.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
}

const template = { spec: { containers: [{ name: 'inject' }] } }
const job: FakeAnswer = {
  body: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'f-1', uid: 'u' }, spec: { template } },
}
const pod: FakeAnswer = { body: { spec: { containers: [{ name: 'inject', resources: { requests: { cpu: '1' } } }] } } }
const failing = (status: number, message = 'not now'): FakeAnswer => ({
  status,
  body: { kind: 'Status', code: status, message },
})

const JOBS = 'POST /apis/batch/v1/namespaces/llm/jobs?dryRun=All'
const PODS = 'POST /api/v1/namespaces/llm/pods?dryRun=All'

/** `telemetry-only`, which starts one Job, before an API server that has these answers. */
const rehearsed = async (
  answers: { jobs?: FakeAnswer; pods?: FakeAnswer },
  { inject, clock = systemClock }: { inject?: AnyFault['inject']; clock?: Clock } = {},
) => {
  const says = ({ method, url }: IncomingMessage): FakeAnswer | null => {
    if (method !== 'POST') return null
    return (url?.includes('/jobs') ? answers.jobs : answers.pods) ?? null
  }
  await using api = await fakeApi(says)
  const own = faults['telemetry-only'] ?? expect.fail('no telemetry-only')
  const definition = inject === undefined ? own : { ...own, inject }
  const random = seededRandom(1)
  const given = { params: own.params.parse({}), target: SNAPSHOT, random, id: 'f-1', now: 0, durationMs: 30_000 }
  const planned = own.plan(given)
  const fault = faultOf('llm', 'f', { kind: own.name })
  const kube = connect({ kubeconfig: api.kubeconfig })
  const observe = { query: async () => [] }
  const { plan } = planned.ok ? planned : expect.fail(planned.reason)
  const outcome = await rehearse({ kube, observe, clock, fault, definition, plan }).catch((error: unknown) => ({
    error,
  }))
  return { seen: api.seen, ...outcome }
}

test('it ends where it would wait for the Job, which nobody looks for, and its pod is tried', async () => {
  const { seen, ...outcome } = await rehearsed({ jobs: job, pods: pod })
  expect(outcome).toEqual({ created: [pod.body] })
  expect(seen).toEqual([JOBS, PODS])
})

test.each([429, 500, 503])(
  '%d is no answer about the Job or its pod: it is thrown, to be asked again',
  async (status) => {
    for (const answers of [{ jobs: failing(status) }, { jobs: job, pods: failing(status) }]) {
      const outcome = await rehearsed(answers)
      expect(outcome).toMatchObject({ error: { code: status } })
      expect('error' in outcome && isTransient(outcome.error)).toBe(true)
    }
  },
)

test('nor is silence, which is not waited for: refused by name', async () => {
  for (const answers of [{ jobs: { body: null, silent: true } }, { jobs: job, pods: { body: null, silent: true } }]) {
    const outcome = await rehearsed(answers, { clock: fast })
    expect(outcome).toMatchObject({
      error: { code: 'admission-unanswered', message: expect.stringMatching(/within 12 s .*found no answer/) },
    })
  }
})

test('a webhook that fails is a refusal, though its status is one that passes', async () => {
  const outcome = await rehearsed({ jobs: job, pods: failing(500, 'failed calling webhook "a.example.com": timeout') })
  expect(outcome).toMatchObject({ error: { code: 'webhook-broken' } })
})

test('what its own earlier step would have made ends it, any other error is one', async () => {
  expect(await rehearsed({ jobs: failing(404) })).toMatchObject({ created: [] })
  const outcome = await rehearsed({}, { inject: () => Promise.reject(new Error('expected a victim, found another')) })
  expect(outcome).toMatchObject({ error: { message: 'expected a victim, found another' } })
})
