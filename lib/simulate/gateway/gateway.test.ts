import { expect, test } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { createClockwork } from '../clockwork.ts'
import { createCluster } from '../cluster/cluster.ts'
import { createPromptMaker } from '../load/prompt.ts'
import { shippedIncident } from '../testing/play.ts'
import { createGateway } from './gateway.ts'

test.each([1, 5])('a client that leaves %i ms after it sent is counted, and is not in flight any more', async (ms) => {
  const { stack, workload, prometheus } = await shippedIncident('quick.ts', 1)
  await using _ = prometheus
  const clock = createClockwork(0)
  const cluster = createCluster({ clock, stack, random: seededRandom(1), wanted: null })
  const prompts = createPromptMaker(workload)
  const gateway = createGateway({ clock, cluster, prompts, random: seededRandom(2), maxModelLen: 16_384 })
  gateway.setFlags(stack.flags.document)
  const send = gateway.route('/v1/completions')
  clock.at(60_000, () => {
    const prompt = Uint32Array.of(1, 2, 3)
    const started = clock.now()
    const call = send({ prompt, maxTokens: 100, leaveAfter: null, started, ended: expect.fail, left: expect.fail })
    clock.after(ms, () => call.leave())
  })
  await clock.run(120_000)
  const seen: Record<string, number> = {}
  gateway.metrics.page.visit((name, { code = '' }, value) => {
    // Of all paths together.
    seen[name + code] = (seen[name + code] ?? 0) + value
  })
  expect(seen).toMatchObject({ gateway_requests_in_flight: 0, gateway_requests_total499: 1 })
})
