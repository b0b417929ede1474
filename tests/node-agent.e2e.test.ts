import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster, stopCluster } from '../lib/cluster/cluster.ts'
import { clusterProcesses } from '../lib/cluster/reap.ts'
import { CONTAINER_ENV } from '../lib/cluster/node/leftovers.ts'
import { pids, procEnv } from '../lib/cluster/node/proc.ts'
import { until } from '../lib/core/until.ts'
import { apply } from '../lib/kube/apply.ts'
import { connect, type Kube, orNull } from '../lib/kube/client.ts'
import type { V1Container, V1Pod } from '../lib/kube/pod-types.ts'
import { toolPath } from '../lib/toolchain/tools.mjs'

const namespace = 'default'
const cluster = { name: 'node-agent-test', stateRoot: '' }
let kube: Kube
let kubeconfig: string
let stateDir: string

beforeAll(async () => {
  cluster.stateRoot = await mkdtemp(join(tmpdir(), 'firedrill-agent-'))
  const agent = fileURLToPath(new URL('../lib/cluster/node/main.ts', import.meta.url))
  const info = await startCluster({
    ...cluster,
    tools: { kube: toolPath('kube') },
    agent: { command: [execPath, agent] },
    images: {
      'test/shell': { command: ['sh', '-c'], env: { FROM_IMAGE: 'yes' } },
      'test/node': { command: [execPath] },
    },
    nodes: [{ name: 'gpu-0', labels: {}, capacity: { cpu: '8', memory: '32Gi', pods: '110', 'nvidia.com/gpu': '1' } }],
    signal: new AbortController().signal,
  })
  ;({ kubeconfig, stateDir } = info)
  kube = connect({ kubeconfig })
})

afterAll(async () => {
  await stopCluster(cluster)
  const left = stateDir === undefined ? [] : clusterProcesses(stateDir)
  await rm(cluster.stateRoot, { recursive: true, force: true })
  expect(left).toEqual([])
})

describe('a container', () => {
  test('gets its variables, arguments and files', async () => {
    await kube.core.createNamespacedConfigMap({
      namespace,
      body: {
        metadata: { name: 'settings' },
        data: { colour: 'red', 'app.conf': 'listen 127.0.0.1 read /etc/app/colour' },
      },
    })
    const script =
      'echo $POD_IP $LABEL $COLOUR $FROM_IMAGE; echo "$0"; cat /etc/app/app.conf; echo; env; cat "$KUBECONFIG"'
    const { podIP } = await phase(
      await create('settings', {
        labels: { app: 'settings' },
        restartPolicy: 'Never',
        container: {
          image: 'test/shell:1',
          args: [script, '$(URL) $$(URL) /etc/app/x'],
          env: [
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
            { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
            { name: 'URL', value: 'http://$(POD_IP):80' },
          ],
          volumeMounts: [{ name: 'app', mountPath: '/etc/app' }],
          resources: { limits: { 'nvidia.com/gpu': '1' } },
        },
        volumes: [{ name: 'app', configMap: { name: 'settings' } }],
      }),
      'Succeeded',
    )
    expect(podIP).toMatch(/^127\.\d+\.0\.\d+$/)
    const log = await logs('settings')
    const [variables, argument, file] = log.split('\n')
    expect(variables).toBe(`${podIP} settings red yes`)
    expect(argument).toMatch(new RegExp(`^http://${podIP}:80 \\$\\(URL\\) ${stateDir}/pods/.*/app/x$`))
    expect(file).toMatch(new RegExp(`^listen ${podIP} read ${stateDir}/pods/.*/app/colour$`))
    expect(log).toContain('FIREDRILL_GPU_URL=http://127.')
    expect(log).toContain('FIREDRILL_POD=default/settings\n')
    expect(log).toContain(`FIREDRILL_CLUSTER=${stateDir}\n`)
    expect(log).toContain('HOSTNAME=settings\n')
  })

  test('talks to the API as its service account', async () => {
    const path = `/api/v1/namespaces/${namespace}/pods`
    const kubectl = `${toolPath('kube')} kubectl`
    await create('account', {
      restartPolicy: 'Never',
      container: { image: 'test/shell', args: [`${kubectl} auth whoami; ${kubectl} get --raw ${path}; true`] },
    })
    await phase('account', 'Succeeded')
    const log = await logs('account')
    expect(log).toContain('system:serviceaccount:default:default')
    expect(log).toContain('cannot list resource "pods"')
  })

  test('is started within a moment of its binding', async () => {
    const begun = Date.now()
    await create('quick', {
      nodeName: 'gpu-0',
      restartPolicy: 'Never',
      container: { image: 'test/shell', args: ['date +%s%3N'] },
    })
    await phase('quick', 'Succeeded')
    expect(Number(await logs('quick')) - begun).toBeLessThan(1_000)
  })

  test('sees a changed ConfigMap within a second', async () => {
    await kube.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'live' }, data: { word: 'before' } },
    })
    await create('live', {
      container: {
        image: 'test/shell',
        args: ['while :; do new=$(cat /live/word); [ "$new" = "$old" ] || echo $new; old=$new; sleep 0.05; done'],
        volumeMounts: [{ name: 'live', mountPath: '/live' }],
      },
      volumes: [{ name: 'live', configMap: { name: 'live' } }],
    })
    await phase('live', 'Running')
    await until(async () => (await logs('live')).includes('before'), { what: 'the first word', timeoutMs: 10_000 })
    const changed = Date.now()
    await apply(kube, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name: 'live' },
      data: { word: 'after' },
    })
    await until(async () => (await logs('live')).includes('after'), {
      what: 'the new word',
      timeoutMs: 10_000,
      everyMs: 50,
    })
    const [time = ''] = (await logs('live', '--timestamps', '--tail=1')).split(' ')
    expect(Date.parse(time) - changed).toBeLessThan(1_000)
    await remove('live')
  })

  test('waits for a ConfigMap that its variables need', async () => {
    await create('needy', {
      restartPolicy: 'Never',
      container: { image: 'test/shell', args: ['echo $WORD'], envFrom: [{ configMapRef: { name: 'later' } }] },
    })
    await waiting('needy', 'CreateContainerConfigError')
    await kube.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'later' }, data: { WORD: 'here' } },
    })
    await phase('needy', 'Succeeded')
    expect(await logs('needy')).toBe('here\n')
  })

  test('of an unknown image is not pulled', async () => {
    await create('unknown', { container: { image: 'no/such:1' } })
    await waiting('unknown', 'ImagePullBackOff')
    await described('unknown', 'image "no/such:1" names no program of this cluster')
    await remove('unknown')
  })
})

describe('the end of a container', () => {
  test('a crash loop shows its reason, its last run and that run’s log', async () => {
    await create('crash', { container: { image: 'test/shell', args: ['echo run $(ls | wc -l); exit 3'] } })
    const status = await waiting('crash', 'CrashLoopBackOff')
    expect(status).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 3, reason: 'Error' } } })
    expect(status.state?.waiting?.message).toContain('back-off 10s restarting failed container=main')
    expect(await logs('crash', '--previous')).toMatch(/^run \d+\n$/)
    await described('crash', 'Back-off restarting failed container main in pod crash_default')
    await remove('crash')
  })

  test('a container over its memory limit is OOMKilled', async () => {
    const hog = 'const held = []; setInterval(() => held.push(Buffer.alloc(20 * 2 ** 20, 1)), 20)'
    await create('hog', {
      restartPolicy: 'Never',
      container: { image: 'test/node', args: ['-e', hog], resources: { limits: { memory: '200Mi' } } },
    })
    const { containerStatuses } = await phase('hog', 'Failed')
    expect(containerStatuses?.[0]?.state?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 })
    await described('hog', 'OOMKilling')
  })

  test('a deletion waits for the grace period, no longer, and takes everything along', async () => {
    const ignore = 'trap "echo asked" TERM; setsid sleep 300 & echo ready; while :; do sleep 0.1; done'
    await create('stubborn', { graceSeconds: 2, container: { image: 'test/shell', args: [ignore] } })
    await phase('stubborn', 'Running')
    const following = execa(toolPath('kube'), ['kubectl', '--kubeconfig', kubeconfig, 'logs', '-f', 'stubborn'])
    await until(async () => (await logs('stubborn')).includes('ready'), { what: 'the trap', timeoutMs: 10_000 })
    const { metadata } = await kube.core.readNamespacedPod({ namespace, name: 'stubborn' })
    const begun = performance.now()
    await remove('stubborn')
    const took = performance.now() - begun
    expect(took).toBeGreaterThan(1_900)
    expect(took).toBeLessThan(6_000)
    expect((await following).stdout).toMatch(/^ready\n(.*\n)?asked$/)
    expect(processesOf(metadata?.uid)).toEqual([])
  })

  test('a forced deletion kills at once', async () => {
    await create('forced', { graceSeconds: 300, container: { image: 'test/shell', args: ['trap "" TERM; sleep 300'] } })
    await phase('forced', 'Running')
    const { metadata } = await kube.core.readNamespacedPod({ namespace, name: 'forced' })
    expect(processesOf(metadata?.uid).length).toBeGreaterThan(0)
    await kube.core.deleteNamespacedPod({ namespace, name: 'forced', gracePeriodSeconds: 0 })
    await until(async () => processesOf(metadata?.uid).length === 0, {
      what: 'the kill',
      timeoutMs: 2_000,
      everyMs: 50,
    })
  })

  test('a Job completes: its init container first, its sidecar until the end', async () => {
    const mount = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] }
    const sidecar = 'trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done'
    await kube.batch.createNamespacedJob({
      namespace,
      body: {
        metadata: { name: 'job' },
        spec: {
          backoffLimit: 0,
          template: {
            spec: {
              restartPolicy: 'Never',
              initContainers: [
                { name: 'sidecar', image: 'test/shell', args: [sidecar], restartPolicy: 'Always' },
                { name: 'init', image: 'test/shell', args: ['sleep 0.2; echo made > /shared/file'], ...mount },
              ],
              containers: [{ name: 'main', image: 'test/shell', args: ['cat /shared/file'], ...mount }],
              volumes: [{ name: 'shared', emptyDir: {} }],
            },
          },
        },
      },
    })
    const done = async (): Promise<boolean> => {
      const { status } = await kube.batch.readNamespacedJob({ namespace, name: 'job' })
      return status?.conditions?.some(({ type, status: is }) => type === 'Complete' && is === 'True') ?? false
    }
    await until(done, { what: 'the Job', timeoutMs: 30_000 })
    expect(await logs('job/job', '-c', 'main')).toBe('made\n')
    expect(await logs('job/job', '-c', 'sidecar')).toContain('bye\n')
  })

  test('a pod fails at its deadline', async () => {
    const pod = { restartPolicy: 'Never', deadlineSeconds: 1, graceSeconds: 1 } as const
    await create('late', { ...pod, container: { image: 'test/shell', args: ['sleep 300'] } })
    expect(await phase('late', 'Failed')).toMatchObject({ reason: 'DeadlineExceeded' })
  })
})

describe('probes', () => {
  const server = `
    let ready = false, alive = true
    require('http').createServer((request, response) => {
      if (request.url === '/on') ready = true
      if (request.url === '/off') ready = false
      if (request.url === '/die') alive = false
      response.writeHead((request.url === '/ready' && !ready) || (request.url === '/alive' && !alive) ? 503 : 200)
      response.end()
    }).listen(8000, process.env.POD_IP)`

  test('readiness comes and goes, liveness restarts', async () => {
    const httpGet = (path: string) => ({ httpGet: { path, port: 8000 }, periodSeconds: 1 })
    await create('probed', {
      graceSeconds: 1,
      container: {
        image: 'test/node',
        args: ['-e', server],
        env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        startupProbe: { ...httpGet('/'), failureThreshold: 30 },
        readinessProbe: { ...httpGet('/ready'), failureThreshold: 1 },
        livenessProbe: { ...httpGet('/alive'), failureThreshold: 2 },
      },
    })
    const { podIP } = await status('probed', ({ containerStatuses }) => containerStatuses?.[0]?.started === true)
    const ask = (path: string): Promise<Response> => fetch(`http://${podIP}:8000${path}`)
    const ready = (is: boolean) =>
      status(
        'probed',
        ({ conditions }) => conditions?.find(({ type }) => type === 'Ready')?.status === (is ? 'True' : 'False'),
      )
    await ready(false)
    await ask('/on')
    await ready(true)
    await ask('/off')
    await ready(false)
    await ask('/die')
    const { containerStatuses } = await status('probed', (now) => now.containerStatuses?.[0]?.restartCount === 1)
    expect(containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 143, reason: 'Error' })
    await described(
      'probed',
      'Liveness probe failed: HTTP probe failed with statuscode: 503',
      'Container main failed liveness probe, will be restarted',
    )
    await remove('probed')
  })
})

test('a command runs in a container, and what is not offered says why', async () => {
  await create('exec', { graceSeconds: 1, container: { image: 'test/shell', args: ['sleep 300'] } })
  await phase('exec', 'Running')
  expect((await kubectl(['exec', 'exec', '--', 'echo', 'here'])).stdout).toBe('here\n')
  const { stderr } = await kubectl(['attach', 'exec'])
  expect(stderr).toContain('the embedded cluster has no attach')
  await remove('exec')
})

// --- Internal helpers ---

interface PodOptions {
  container: Partial<V1Container>
  labels?: Record<string, string>
  nodeName?: string
  restartPolicy?: 'Never' | 'OnFailure'
  volumes?: NonNullable<V1Pod['spec']>['volumes']
  graceSeconds?: number
  deadlineSeconds?: number
}

type Status = NonNullable<V1Pod['status']>

const create = async (name: string, options: PodOptions): Promise<string> => {
  const { container, labels = {}, nodeName, restartPolicy, volumes = [], graceSeconds, deadlineSeconds } = options
  await kube.core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name, labels },
      spec: {
        containers: [{ name: 'main', ...container }],
        volumes,
        ...(nodeName === undefined ? {} : { nodeName }),
        ...(restartPolicy === undefined ? {} : { restartPolicy }),
        ...(graceSeconds === undefined ? {} : { terminationGracePeriodSeconds: graceSeconds }),
        ...(deadlineSeconds === undefined ? {} : { activeDeadlineSeconds: deadlineSeconds }),
      },
    },
  })
  return name
}

const status = async (name: string, check: (status: Status) => boolean): Promise<Status> => {
  let last: Status = {}
  const holds = async (): Promise<boolean> => {
    last = (await kube.core.readNamespacedPod({ namespace, name })).status ?? {}
    return check(last)
  }
  await until(holds, { what: `a status of ${name}`, timeoutMs: 30_000, everyMs: 50 }).catch((error: unknown) => {
    throw new Error(`${String(error)}, last was ${JSON.stringify(last)}`)
  })
  return last
}

const phase = (name: string, expected: string): Promise<Status> => status(name, (now) => now.phase === expected)

const waiting = async (name: string, reason: string) => {
  const isWaiting = ({ containerStatuses }: Status) => containerStatuses?.[0]?.state?.waiting?.reason === reason
  const [container] = (await status(name, isWaiting)).containerStatuses ?? []
  if (container === undefined) throw new Error(`${name} has no container status`)
  return container
}

const kubectl = (args: string[]) =>
  execa(toolPath('kube'), ['kubectl', '--kubeconfig', kubeconfig, ...args], { reject: false, stripFinalNewline: false })
const logs = async (name: string, ...args: string[]): Promise<string> => (await kubectl(['logs', name, ...args])).stdout
/** Waits until `kubectl describe` has each of the texts: events come a moment after what they tell of. */
const described = async (name: string, ...texts: string[]): Promise<void> => {
  await expect
    .poll(async () => (await kubectl(['describe', 'pod', name])).stdout, { timeout: 10_000, interval: 200 })
    .toSatisfy((output: string) => texts.every((text) => output.includes(text)))
}

const remove = async (name: string): Promise<void> => {
  await kube.core.deleteNamespacedPod({ namespace, name })
  const gone = async (): Promise<boolean> => (await orNull(kube.core.readNamespacedPod({ namespace, name }))) === null
  await until(gone, { what: `the end of ${name}`, timeoutMs: 30_000, everyMs: 50 })
}

/** Everything that runs of a pod, by the marker in its environment. */
const processesOf = (uid: string | undefined): number[] =>
  pids().filter((pid) => procEnv(pid)?.some((entry) => entry.startsWith(`${CONTAINER_ENV}=${uid}/`)))
