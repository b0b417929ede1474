import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { Manifest } from '../lib/kube/apply.ts'
import { toolPath } from '../lib/toolchain/tools.mjs'
import { ConfigMap, type Container, isWorkload, Workload } from './manifest.ts'
import { PROFILES } from './profiles.ts'
import { renderStack } from './render.ts'

const rules = { 'cache.yaml': 'groups: []\n' }
const flags = '{"flags": {"x": {"state": "ENABLED", "variants": {"off": {}}}}}'
const render = (profile: keyof typeof PROFILES, embedded: Parameters<typeof renderStack>[0]['embedded'] = null) =>
  renderStack({ profile: PROFILES[profile], rules, flags, embedded })

const workload = (manifests: Manifest[], name: string): Workload =>
  Workload.parse(manifests.find((manifest) => isWorkload(manifest) && manifest.metadata?.name === name))

const container = (manifests: Manifest[], name: string, index = 0): Container =>
  workload(manifests, name).spec.template.spec.containers[index] ?? expect.fail()

const manifestText = (name: string): string => readFileSync(new URL(`manifests/${name}.yaml`, import.meta.url), 'utf8')

const configFile = (manifests: Manifest[], name: string, key: string): string =>
  ConfigMap.parse(manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata?.name === name)).data[key] ??
  expect.fail()

describe('every name and label of docs/architecture.md', () => {
  const manifests = render('fast', {})
  test.each([
    ['llm', 'Deployment', 'vllm', [8000]],
    ['llm', 'Deployment', 'gateway', [8080]],
    ['gpu-operator', 'DaemonSet', 'dcgm-exporter', [9400]],
    ['monitoring', 'Deployment', 'prometheus', [9090]],
    ['monitoring', 'Deployment', 'alertmanager', [9093, 9099]],
    ['monitoring', 'Deployment', 'kube-state-metrics', [8080]],
  ])('%s %s %s', (namespace, kind, name, ports) => {
    const { kind: found, metadata, spec } = workload(manifests, name)
    expect([metadata.namespace, found]).toEqual([namespace, kind])
    expect(spec.template.metadata.labels['app']).toBe(name)
    const opened = spec.template.spec.containers.flatMap(({ ports: list }) => list as { containerPort: number }[])
    expect(opened.map(({ containerPort }) => containerPort)).toEqual(expect.arrayContaining(ports))
  })

  test('three replicas with a GPU each, and their namespace allows faults', () => {
    expect(workload(manifests, 'vllm').spec.replicas).toBe(3)
    expect(container(manifests, 'vllm')['resources']).toMatchObject({ limits: { 'nvidia.com/gpu': 1 } })
    const llm = manifests.find(({ kind, metadata }) => kind === 'Namespace' && metadata?.name === 'llm')
    expect(llm?.metadata?.labels).toEqual({ 'firedrill.dev/allow': 'true' })
  })

  test('flags and rules are in ConfigMaps that are found by label', () => {
    const labelled = (label: string) => manifests.find(({ metadata }) => metadata?.labels?.[label] === 'true')
    expect(labelled('firedrill.dev/flags')).toMatchObject({ kind: 'ConfigMap', data: { 'flags.json': flags } })
    expect(labelled('firedrill.dev/rules')).toMatchObject({ kind: 'ConfigMap', data: rules })
  })
})

describe('profiles', () => {
  test('production is what the manifests say as they stand', () => {
    const written = ['prometheus', 'alertmanager'].flatMap((name) =>
      Array.from(parseAllDocuments(manifestText(name)), (document) => document.toJS() as Manifest),
    )
    const rendered = render('production')
    for (const [name, key] of [
      ['prometheus', 'prometheus.yml'],
      ['alertmanager', 'alertmanager.yml'],
    ] as const) {
      expect(parse(configFile(rendered, name, key))).toEqual(parse(configFile(written, name, key)))
      expect(container(rendered, name)).toEqual(container(written, name))
    }
  })

  test('fast scrapes and evaluates every 2 s, notifies after 1 s, probes every second', () => {
    const manifests = render('fast')
    const prometheus = parse(configFile(manifests, 'prometheus', 'prometheus.yml'))
    expect(prometheus.global).toEqual({ scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '2s' })
    const { route } = parse(configFile(manifests, 'alertmanager', 'alertmanager.yml'))
    expect([route.group_wait, route.group_interval]).toEqual(['1s', '2s'])
    expect(container(manifests, 'prometheus').args).toContain('--config.auto-reload-interval=1s')
    expect(container(manifests, 'vllm').readinessProbe?.periodSeconds).toBe(1)
  })

  test('the factor of the rules is the ratio of the scrape intervals', () => {
    const { fast, production } = PROFILES
    expect(production.scrapeIntervalMs / fast.scrapeIntervalMs).toBe(fast.ruleFactor / production.ruleFactor)
  })

  test('a start may take as long in both', () => {
    const budgets = (['fast', 'production'] as const).map((name) => {
      const { periodSeconds = 0, failureThreshold = 0 } = container(render(name), 'vllm').startupProbe ?? {}
      return periodSeconds * failureThreshold
    })
    expect(budgets).toEqual([900, 900])
  })
})

describe('the embedded cluster', () => {
  const manifests = render('fast', { engineEnv: { VLLM_EMULATOR_COLD_START: '2s' } })

  test('differs in what its node cannot do', () => {
    expect(manifests.some(({ kind }) => kind === 'Service')).toBe(false)
    const { scrape_configs, alerting } = parse(configFile(manifests, 'prometheus', 'prometheus.yml'))
    const discoveries = [...scrape_configs, ...alerting.alertmanagers].flatMap((part) => part.kubernetes_sd_configs)
    expect(discoveries).toHaveLength(5)
    const path = '/var/run/secrets/kubernetes.io/serviceaccount/kubeconfig'
    for (const discovery of discoveries) expect(discovery.kubeconfig_file).toBe(path)
    expect(container(manifests, 'kube-state-metrics').args).toContain(`--kubeconfig=${path}`)
    expect(container(manifests, 'alertmanager', 1).env).toContainEqual({ name: 'HOST', value: '$(POD_IP)' })
  })

  test('says which pods are synthetic', () => {
    const labels = (name: string) => workload(manifests, name).spec.template.metadata.labels['firedrill.dev/synthetic']
    expect(['vllm', 'dcgm-exporter', 'gateway'].map(labels)).toEqual(['engine', 'gpu', undefined])
  })

  test('tells the emulated engine its settings, a real one its arguments', () => {
    const { env } = container(manifests, 'vllm')
    expect(env).toContainEqual({ name: 'VLLM_EMULATOR_PRESET', value: 'drill' })
    expect(env).toContainEqual({ name: 'VLLM_EMULATOR_COLD_START', value: '2s' })
    const realEngine = { replicas: 2, args: ['--model', '/models/tiny'], env: { VLLM_CPU_KVCACHE_SPACE: '1' } }
    const real = render('fast', { realEngine })
    expect(workload(real, 'vllm').spec.replicas).toBe(2)
    expect(container(real, 'vllm').args).toEqual(['--model', '/models/tiny', '--host', '$(POD_IP)', '--port', '8000'])
    expect(workload(real, 'vllm').spec.template.metadata.labels).toEqual({ app: 'vllm' })
    expect(container(real, 'vllm').env.map(({ name }) => name)).not.toContain('VLLM_EMULATOR_PRESET')
  })

  test('any other cluster gets none of it', () => {
    const text = JSON.stringify(render('production'))
    expect(text).not.toMatch(/EMULATOR|kubeconfig|gpu-emulator|synthetic/)
    expect(render('production').filter(({ kind }) => kind === 'Service')).toHaveLength(5)
  })
})

describe('configuration files', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'render-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(['fast', 'production'] as const)('Prometheus takes its own in %s', async (profile) => {
    for (const embedded of [null, {}]) {
      const path = join(folder, 'prometheus.yml')
      await writeFile(path, configFile(render(profile, embedded), 'prometheus', 'prometheus.yml'))
      const { stdout } = await execa(toolPath('promtool'), ['check', 'config', '--syntax-only', path])
      expect(stdout).toContain('SUCCESS')
    }
  })
})

test('what others refer to is applied before them', () => {
  const kinds = render('fast', {}).map(({ kind }) => kind)
  const last = (kind: string): number => kinds.lastIndexOf(kind)
  const first = (kind: string): number => kinds.indexOf(kind)
  expect(last('Namespace')).toBeLessThan(first('ServiceAccount'))
  expect(last('Role')).toBeLessThan(first('RoleBinding'))
  expect(last('ConfigMap')).toBeLessThan(Math.min(first('Deployment'), first('DaemonSet')))
})
