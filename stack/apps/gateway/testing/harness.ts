import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { flipped, parseFlags, withFlag } from '../../../../lib/core/flag-document.ts'
import { type UpstreamRule, upstreamRulesText } from '../../../../lib/core/upstream-rules.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { type FakeEngine, type ReceivedCall, startFakeEngine } from './fake-engine.ts'
import { type FakeKube, startFakeKube } from './fake-kube.ts'

/** The flags that ship. */
export const flagsDocument = readFileSync(new URL('../../../../chaos/flags/flags.json', import.meta.url), 'utf8')

/** Addresses of the replicas: a port is the same on all of them, as in a Deployment. */
export const HOSTS = ['127.9.0.1', '127.9.0.2', '127.9.0.3'] as const

/** Machines that run tests have other work, too. */
const PATIENCE_MS = 15_000

export interface Harness {
  readonly kube: FakeKube
  readonly engines: FakeEngine[]
  readonly flagsFile: string
  /** Starts engines as `vllm-1` …, and a gateway that knows them. */
  start(answer?: (call: ReceivedCall) => void, replicas?: number): Promise<void>
  url(path: string): string
  chat(body?: object, init?: RequestInit): Promise<Response>
  /** The value of one series, by its name and labels as they are written; undefined where there is none. */
  metric(series: string): Promise<number | undefined>
  /** Flips a flag as the faults do, and waits until the gateway does so. */
  flip(flag: string, variant: string, share?: number): Promise<void>
  /** Writes the rules, and waits until the gateway has them. */
  rules(rules: readonly UpstreamRule[]): Promise<void>
  close(): Promise<void>
}

export const openHarness = async (): Promise<Harness> => {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  const [flagsFile, upstreamRulesFile] = [join(folder, 'flags.json'), join(folder, 'rules.json')]
  await writeFile(flagsFile, flagsDocument)
  const kube = await startFakeKube()
  const engines: FakeEngine[] = []
  let gateway: Gateway | undefined
  let loads = 0
  const url = (path: string): string => `http://127.0.0.1:${gateway?.port}${path}`
  const metric = async (series: string): Promise<number | undefined> => {
    const text = await (await fetch(url('/metrics'))).text()
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length))
  }
  return {
    kube,
    engines,
    flagsFile,
    url,
    metric,
    start: async (answer, replicas = 3) => {
      let port = 0
      for (const host of HOSTS.slice(0, replicas)) {
        const engine = await startFakeEngine(host, port, answer)
        engines.push(engine)
        port = engine.port
        kube.set({ name: `vllm-${host.at(-1)}`, ip: host, ready: true })
      }
      const listening = { host: '127.0.0.1', port: 0 }
      const serving = { namespace: 'llm', selector: 'app=vllm', servingPort: port }
      gateway = await startGateway(
        { ...listening, ...serving, flagsFile, upstreamRulesFile },
        kube.kube,
        (_, message) => {
          if (message === 'flags loaded') loads += 1
        },
      )
      await vi.waitUntil(async () => (await fetch(url('/readyz'))).status === 200, {
        interval: 10,
        timeout: PATIENCE_MS,
      })
    },
    chat: (body = { messages: [{ role: 'user', content: 'hi' }], stream: true }, init = {}) =>
      fetch(url('/v1/chat/completions'), { method: 'POST', body: JSON.stringify(body), ...init }),
    flip: async (flag, variant, share = 100) => {
      const document = parseFlags(flagsDocument)
      const original = document.flags[flag]
      if (original === undefined) throw new Error(`there is no flag ${flag}`)
      const expiresAt = Math.ceil(Date.now() / 1_000) + 60
      const before = loads
      await writeFile(
        flagsFile,
        withFlag(document, flag, flipped(original, { variant, share, expiresAt, mark: { fault: 'f1' } })),
      )
      await vi.waitUntil(() => loads > before, { interval: 5, timeout: PATIENCE_MS })
    },
    rules: async (rules) => {
      await writeFile(upstreamRulesFile, upstreamRulesText(rules))
      await vi.waitUntil(async () => (await metric('gateway_upstream_rules')) === rules.length, {
        interval: 10,
        timeout: PATIENCE_MS,
      })
    },
    close: async () => {
      await gateway?.close(0)
      await Promise.all(engines.map((engine) => engine.close()))
      await kube.close()
      await rm(folder, { recursive: true })
    },
  }
}
