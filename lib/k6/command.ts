import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { RUN_FILES } from '../core/run-folder.ts'
import type { Endpoint } from '../core/target.ts'

/** The bundled script, relative to the run folder. */
export const BUNDLE = 'k6/bundle.js'

export interface LoadTarget {
  /** Paths and names as kubectl takes them; without a kubeconfig, where kubectl would look. */
  kubeconfig?: string | undefined
  context?: string | undefined
  namespace: string
  selector: string
  /** Base URL under load, without /v1. */
  url: string
  headers?: Record<string, string>
  model: string
  /** Where k6's own numbers go (remote write), and where conditions of the timeline are asked for; null for nowhere. */
  prometheus: Endpoint | null
}

interface CommandInput {
  runDir: string
  runId: string
  target: LoadTarget
}

/** k6's arguments. Its log goes to standard error, bare, so that the script's event lines stand alone. */
export const commandLine = ({ runDir, runId, target }: CommandInput): string[] => [
  'run',
  '--quiet',
  '--no-color',
  '--log-format=raw',
  '--log-output=stderr',
  `--tag=run=${runId}`,
  ...(target.prometheus === null ? [] : ['--out=experimental-prometheus-rw']),
  join(runDir, BUNDLE),
]

/** What the script and k6 read from the environment; headers are secrets, and no part of a command line. */
export const environment = ({ runDir, runId, target }: CommandInput): Record<string, string> => ({
  FIREDRILL_DIE_WITH_PARENT: '1',
  FIREDRILL_URL: target.url,
  FIREDRILL_HEADERS: JSON.stringify(target.headers ?? {}),
  FIREDRILL_MODEL: target.model,
  FIREDRILL_NAMESPACE: target.namespace,
  FIREDRILL_SELECTOR: target.selector,
  FIREDRILL_KUBECONFIG: target.kubeconfig ?? '',
  FIREDRILL_CONTEXT: target.context ?? '',
  FIREDRILL_PROMETHEUS: JSON.stringify(target.prometheus),
  FIREDRILL_RUN: runId,
  // What the target logs may be shown to whoever is to find the cause: a request's id says nothing of the scenario.
  FIREDRILL_REQUESTS: randomBytes(6).toString('hex'),
  FIREDRILL_SPOOL: join(runDir, RUN_FILES.requestSpool),
  FIREDRILL_SUMMARY: join(runDir, RUN_FILES.summary),
  K6_NO_USAGE_REPORT: 'true',
  K6_AUTO_EXTENSION_RESOLUTION: 'false',
  ...(target.prometheus === null ? {} : remoteWrite(target.prometheus)),
})

// --- Internal helpers ---

const remoteWrite = ({ url, headers }: Endpoint): Record<string, string> => ({
  K6_PROMETHEUS_RW_SERVER_URL: `${url.replace(/\/$/, '')}/api/v1/write`,
  K6_PROMETHEUS_RW_PUSH_INTERVAL: '2s',
  K6_PROMETHEUS_RW_TREND_STATS: 'p(50),p(95),p(99)',
  K6_PROMETHEUS_RW_STALE_MARKERS: 'true',
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`K6_PROMETHEUS_RW_HEADERS_${name}`, value])),
})
