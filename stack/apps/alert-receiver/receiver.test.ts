import { afterEach, beforeEach, expect, test } from 'vitest'
import { Notification } from '../../../lib/core/run-folder.ts'
import { type Receiver, startReceiver } from './receiver.ts'

let receiver: Receiver
let now: number

beforeEach(async () => {
  now = 1_000
  receiver = await startReceiver({ host: '127.0.0.1', port: 0, now: () => now, limit: 10 })
})
afterEach(() => receiver.close())

const url = (path: string): string => `http://127.0.0.1:${receiver.port}${path}`
const post = (body: string) => fetch(url('/webhook'), { method: 'POST', body })

/** As Alertmanager 0.31 sends it. */
const webhook = (alertname: string, status = 'firing', endsAt = '0001-01-01T00:00:00Z'): string =>
  JSON.stringify({
    receiver: 'firedrill',
    status,
    alerts: [
      {
        status,
        labels: { alertname, namespace: 'llm' },
        annotations: { summary: 'x' },
        startsAt: '2026-11-22T04:00:00.123456789+01:00',
        endsAt,
        generatorURL: 'http://prometheus/graph',
        fingerprint: 'c0ffee',
      },
    ],
    groupLabels: { alertname },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager',
    version: '4',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
  })

const notifications = async (query = ''): Promise<Notification[]> => {
  const text = await (await fetch(url(`/notifications${query}`))).text()
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => Notification.parse(JSON.parse(line)))
}

test('webhook calls come back as notifications, with the time they came', async () => {
  expect((await post(webhook('KvCacheSaturated'))).status).toBe(200)
  now = 2_000
  await post(webhook('KvCacheSaturated', 'resolved', '2026-11-22T04:00:10Z'))
  const startsAt = Date.parse('2026-11-22T03:00:00.123Z')
  const alert = { labels: { alertname: 'KvCacheSaturated', namespace: 'llm' }, startsAt, fingerprint: 'c0ffee' }
  const endsAt = Date.parse('2026-11-22T04:00:10Z')
  expect(await notifications()).toEqual([
    { receivedAt: 1_000, status: 'firing', alerts: [{ ...alert, status: 'firing', endsAt: null }] },
    { receivedAt: 2_000, status: 'resolved', alerts: [{ ...alert, status: 'resolved', endsAt }] },
  ])
  expect((await notifications('?since=1001')).map(({ receivedAt }) => receivedAt)).toEqual([2_000])
})

test('the newest are kept', async () => {
  for (let index = 0; index < 12; index += 1) {
    now = index
    await (await post(webhook('A'))).text()
  }
  expect((await notifications()).map(({ receivedAt }) => receivedAt)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})

test('what is no webhook is refused and not kept', async () => {
  const answers = await Promise.all([post('{'), post('{"status":"firing"}'), post('null')])
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400])
  expect(await answers[1]?.text()).toContain('alerts')
  expect(await notifications()).toEqual([])
  expect((await fetch(url('/notifications?since=yesterday'))).status).toBe(400)
  expect((await fetch(url('/healthz'))).status).toBe(200)
  expect((await fetch(url('/elsewhere'))).status).toBe(404)
})
