import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Effect } from '../chaos/network/effect.ts'
import { impaired } from '../chaos/network/evidence.ts'
import type { NetworkPlan } from '../chaos/network/means.ts'
import { systemClock } from '../lib/core/clock.ts'
import type { ActContext } from '../lib/core/fault.ts'
import { type ScrapedProgram, startPrometheus } from './support/prometheus.ts'

/** Three pods in a gateway's metrics: `slow` and `cut` are hit in the middle, `well` is not. A call each tenth of a second. */
const heads = { well: 2, slow: 2, cut: 2 }
const totals = new Map(Object.keys(heads).map((pod) => [pod, { calls: 0, ms: 0, unanswered: 0 }]))

/** Of `slow` as a Prometheus says it that has a pod of its own to name. */
const labels = (pod: string): string => `namespace="llm",${pod === 'slow' ? 'exported_pod' : 'pod'}="${pod}"`

const page = (): string =>
  [...totals]
    .flatMap(([pod, { calls, ms, unanswered }]) => [
      `gateway_upstream_head_seconds_sum{${labels(pod)}} ${ms / 1_000}`,
      `gateway_upstream_head_seconds_count{${labels(pod)}} ${calls}`,
      `gateway_upstream_unanswered_seconds{${labels(pod)}} ${unanswered}`,
      '',
    ])
    .join('\n')

let prometheus: ScrapedProgram
let timer: NodeJS.Timeout
let injectedAt: number
let isCut = false

beforeAll(async () => {
  timer = setInterval(() => {
    for (const [pod, total] of totals) {
      if (pod === 'cut' && isCut) total.unanswered += 0.1
      else {
        total.calls += 1
        total.ms += heads[pod as keyof typeof heads]
      }
    }
  }, 100)
  prometheus = await startPrometheus(page)
  await delay(5_000)
  injectedAt = Date.now()
  heads.slow = 202
  isCut = true
  await delay(5_000)
})

afterAll(async () => {
  clearInterval(timer)
  await prometheus?.stop()
})

const evidenceOf = (pod: string, effect: Effect) => {
  const victim = { name: pod, uid: `uid-${pod}`, node: 'gpu-1' }
  const means = { by: 'gateway', configMap: 'upstream-faults', key: 'rules.json' } as const
  const plan: NetworkPlan = { id: 'f-1', namespace: 'llm', victim, effect, durationMs: 30_000, means }
  const nothing = new Proxy<ActContext<NetworkPlan>['kube']>(Object.create(null), {
    get: (_, call) => expect.fail(`the evidence asked the cluster: ${String(call)}`),
  })
  const { observe } = prometheus
  return impaired({ plan, observe, injectedAt, kube: nothing, clock: systemClock, signal: AbortSignal.timeout(10_000) })
}

describe('evidence from the gateway’s metrics, by Prometheus itself', () => {
  test('a delay bites where response heads come later by half of it, and only there', async () => {
    const delayed = { kind: 'delay', ms: 200, jitterMs: 0 } as const
    const { bit, reason } = await evidenceOf('slow', delayed)
    expect(reason).toMatch(/^\d+ calls to slow waited (1[5-9]|20)\d ms for the response head, 2 ms before$/)
    expect(bit).toBe(true)
    expect(await evidenceOf('slow', { ...delayed, ms: 500 })).toMatchObject({ bit: false })
    expect(await evidenceOf('well', delayed)).toMatchObject({ bit: false })
    expect(await evidenceOf('cut', delayed)).toMatchObject({ bit: false })
  })

  test('loss bites where the mean rises as its timeouts would have it', async () => {
    expect(await evidenceOf('slow', { kind: 'loss', percent: 30 })).toMatchObject({
      bit: true,
      facts: { expectedRiseMs: expect.closeTo(150) },
    })
    expect(await evidenceOf('well', { kind: 'loss', percent: 30 })).toMatchObject({ bit: false })
  })

  test('a partition bites where a call waits longer than any did before', async () => {
    const { bit, reason } = await evidenceOf('cut', { kind: 'partition' })
    expect(reason).toMatch(/^a call to cut has waited \d\.\d s for its answer to begin \(0\.0 s before\), 0 broke$/)
    expect(bit).toBe(true)
    for (const pod of ['well', 'slow'])
      expect(await evidenceOf(pod, { kind: 'partition' })).toMatchObject({ bit: false })
  })

  test('of a pod that the gateway never called nothing is known', async () => {
    for (const effect of [{ kind: 'partition' }, { kind: 'loss', percent: 5 }] as const)
      expect(await evidenceOf('unknown', effect)).toMatchObject({
        bit: false,
        reason: expect.stringContaining('nothing'),
      })
  })
})
