import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MODULES, moduleSource } from './tools.mjs'

/** The Go module of each program that is told its version, and how the release is called where that differs. */
const PROGRAMS: Record<string, { path: string; release: (version: string) => string }> = {
  // v0.315.0 is 3.15.0.
  prometheus: {
    path: 'github.com/prometheus/prometheus',
    release: (version) => version.replace(/^0\.(\d+?)(\d{2})\.(\d+)$/, (_, a, b, c) => `${a}.${Number(b)}.${c}`),
  },
  alertmanager: { path: 'github.com/prometheus/alertmanager', release: (version) => version },
  'kube-state-metrics': { path: 'k8s.io/kube-state-metrics/v2', release: (version) => version },
}

test.each(Object.entries(PROGRAMS))('%s is called by the version that is built', (name, { path, release }) => {
  const module = MODULES.find((candidate) => candidate.name === name)
  if (module === undefined) expect.fail(`no module ${name}`)
  const required = readFileSync(join(moduleSource(module), 'go.mod'), 'utf8')
  const version = new RegExp(`${path.replaceAll('.', '\\.')} v(\\S+)`).exec(required)?.[1] ?? ''
  expect(module.ldflags).toMatch(new RegExp(`version\\.Version=${release(version).replaceAll('.', '\\.')}$`))
})

test('the simulated Prometheus is made of the Prometheus that runs in the cluster', () => {
  const requires = (name: string): string => {
    const module = MODULES.find((candidate) => candidate.name === name)
    if (module === undefined) expect.fail(`no module ${name}`)
    const required = readFileSync(join(moduleSource(module), 'go.mod'), 'utf8')
    return /github\.com\/prometheus\/prometheus v\S+/.exec(required)?.[0] ?? expect.fail(`${name} needs no Prometheus`)
  }
  expect(requires('simulated-prometheus')).toBe(requires('prometheus'))
})
