import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { findPort } from '../../lib/cluster/ports.ts'
import type { Observer } from '../../lib/core/fault.ts'
import { until } from '../../lib/core/until.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'

export interface ScrapedProgram {
  observe: Observer
  stop(): Promise<void>
}

const Answer = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})

/** A real Prometheus that scrapes one program every second: `metrics` gives that program's page. */
export const startPrometheus = async (metrics: () => string | Promise<string>): Promise<ScrapedProgram> => {
  const dir = await mkdtemp(join(tmpdir(), 'firedrill-test-'))
  const [port, scraped] = [await findPort(['127.0.0.1']), await findPort(['127.0.0.2'])]
  const program = createServer((_, response) => {
    void Promise.resolve(metrics()).then((page) =>
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(page),
    )
  }).listen(scraped, '127.0.0.2')
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'program', static_configs: [{ targets: [`127.0.0.2:${scraped}`] }] }],
  }
  await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(config))
  const stopping = new AbortController()
  const url = `http://127.0.0.1:${port}`
  const flags = [
    `--config.file=${dir}/prometheus.yml`,
    `--storage.tsdb.path=${dir}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const prometheus = execa(toolPath('prometheus'), flags, { all: true, reject: false, cancelSignal: stopping.signal })
  const query: Observer['query'] = async (promql) => {
    const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: promql }).toString()}`)
    if (!answer.ok) throw new Error(await answer.text())
    const { result } = Answer.parse(await answer.json()).data
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }))
  }
  const scrapes = (): Promise<boolean> =>
    query('up == 1').then(
      (up) => up.length > 0,
      () => false,
    )
  await until(scrapes, { what: 'a first scrape', timeoutMs: 30_000 })
  const stop = async (): Promise<void> => {
    stopping.abort()
    await prometheus
    program.close()
    program.closeAllConnections()
    await rm(dir, { recursive: true, force: true })
  }
  return { observe: { query }, stop }
}
