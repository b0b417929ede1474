import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { findPort } from '../../lib/cluster/ports.ts'
import { until } from '../../lib/core/until.ts'
import { type PrometheusClient, prometheusClient } from '../../lib/prometheus/client.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'
import { startReceiver } from '../../stack/apps/alert-receiver/receiver.ts'

export interface Alerting extends AsyncDisposable {
  client: PrometheusClient
  prometheus: string
  alertmanager: string
  receiver: string
}

export interface AlertingOptions {
  /** The page of the one program that is scraped. */
  metrics(): string
  /** A Prometheus rule file. */
  rules: string
}

/** A real Prometheus (1 s scrapes and evaluations), a real Alertmanager without waits, and the stack's webhook receiver. */
export const startAlerting = async ({ metrics, rules }: AlertingOptions): Promise<Alerting> => {
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'firedrill-test-'))
  started.defer(() => rm(dir, { recursive: true }))
  const receiver = await startReceiver({ host: '127.0.0.1', port: 0 })
  started.defer(() => receiver.close())
  const scraped = await servePage(metrics)
  started.defer(() => scraped.close())
  const [prometheusPort, alertmanagerPort] = [await findPort(['127.0.0.1']), await findPort(['127.0.0.1'])]
  const webhook = { url: `http://127.0.0.1:${receiver.port}/webhook`, send_resolved: true }
  const files = {
    'rules.yaml': rules,
    'prometheus.yml': JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }] },
      scrape_configs: [{ job_name: 'program', static_configs: [{ targets: [`127.0.0.1:${scraped.port}`] }] }],
    }),
    'alertmanager.yml': JSON.stringify({
      route: { receiver: 'webhook', group_by: ['...'], group_wait: '0s', group_interval: '1s' },
      receivers: [{ name: 'webhook', webhook_configs: [webhook] }],
    }),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)

  const run = (tool: 'prometheus' | 'alertmanager', ...flags: string[]): void => {
    const child = execa(toolPath(tool), flags, { cwd: dir, reject: false, stdout: 'ignore', stderr: 'ignore' })
    started.defer(async () => {
      child.kill()
      await child
    })
  }
  run(
    'alertmanager',
    '--config.file=alertmanager.yml',
    '--storage.path=am',
    '--cluster.listen-address=',
    `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
  )
  run(
    'prometheus',
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
  )

  const prometheus = `http://127.0.0.1:${prometheusPort}`
  const alertmanager = `http://127.0.0.1:${alertmanagerPort}`
  const client = prometheusClient({ endpoint: { url: prometheus, headers: {} } })
  const answers = (check: Promise<boolean>): Promise<boolean> => check.catch(() => false)
  await until(() => answers(client.ready()), { what: 'Prometheus', timeoutMs: 20_000 })
  await until(() => answers(fetch(`${alertmanager}/-/ready`).then(({ ok }) => ok)), {
    what: 'Alertmanager',
    timeoutMs: 20_000,
  })
  const stops = started.move()
  return {
    client,
    prometheus,
    alertmanager,
    receiver: `http://127.0.0.1:${receiver.port}`,
    [Symbol.asyncDispose]: () => stops.disposeAsync(),
  }
}

// --- Internal helpers ---

const servePage = async (metrics: () => string): Promise<{ port: number; close(): void }> => {
  const port = await findPort(['127.0.0.1'])
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(metrics())
  }).listen(port, '127.0.0.1')
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { port, close }
}
