import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { env, kill } from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ProbeTarget, runHandler } from './probe-run.ts'
import { type ProbeEvents, startProber } from './prober.ts'

let server: Server
let port: number
let healthy = true
const requests: { url: string | undefined; host: string | undefined; agent: string | undefined }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({ url: request.url, host: request.headers.host, agent: request.headers['user-agent'] })
    if (request.url === '/slow') return
    if (request.url === '/redirect') response.writeHead(302, { location: '/bad' })
    else if (request.url === '/elsewhere') response.writeHead(302, { location: 'http://127.9.9.9/' })
    else response.writeHead(request.url === '/bad' || !healthy ? 503 : 200)
    response.end(request.url === '/bad' ? 'not well' : '')
  }).listen(0, '127.0.0.3')
  await once(server, 'listening')
  // A listening TCP server's address is never a pipe's name.
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const target = (): ProbeTarget => ({
  container: { name: 'c', ports: [{ name: 'http', containerPort: port }] },
  podIP: '127.0.0.3',
  launch: { argv: [], env: { PATH: env['PATH'] ?? '', WORD: 'hello' }, cwd: '/' },
  rewrite: (text) => text.replace('/mnt', '/tmp'),
  kill,
})
const http = (path: string) => runHandler(target(), { httpGet: { path, port: 'http' } }, 300)
const exec = (...command: string[]) => runHandler(target(), { exec: { command } }, 300)

describe('one answer', () => {
  test('httpGet asks the pod on a named port, as the kubelet does', async () => {
    expect(await http('/ok')).toEqual({ ok: true, message: '' })
    expect(requests.at(-1)).toMatchObject({ url: '/ok', agent: 'kube-probe/1.34' })
  })

  test.each([
    ['/bad', 'HTTP probe failed with statuscode: 503: not well'],
    ['/redirect', 'HTTP probe failed with statuscode: 503: not well'],
    ['/slow', 'context deadline exceeded'],
  ])('httpGet %s fails', async (path, message) => {
    expect(await http(path)).toEqual({ ok: false, message: expect.stringContaining(message) })
  })

  test('a redirect to another host counts as an answer', async () => {
    expect(await http('/elsewhere')).toMatchObject({ ok: true })
  })

  test('httpGet sends headers, the host among them', async () => {
    const httpHeaders = [{ name: 'Host', value: 'example.com' }]
    await runHandler(target(), { httpGet: { path: '/h', port, httpHeaders } }, 300)
    expect(requests.at(-1)).toMatchObject({ url: '/h', host: 'example.com' })
  })

  test('tcpSocket', async () => {
    expect(await runHandler(target(), { tcpSocket: { port } }, 300)).toMatchObject({ ok: true })
    const closed = await runHandler(target(), { tcpSocket: { port, host: '127.0.0.4' } }, 300)
    expect(closed).toEqual({ ok: false, message: expect.stringContaining('ECONNREFUSED') })
  })

  test('exec sees the container’s environment and real paths, and is bounded', async () => {
    expect(await exec('sh', '-c', 'test "$WORD" = hello && test -d /mnt')).toMatchObject({ ok: true })
    expect(await exec('sh', '-c', 'echo no; exit 2')).toEqual({ ok: false, message: 'no' })
    expect(await exec('sleep', '5')).toEqual({ ok: false, message: 'command "sleep 5" timed out after 0.3s' })
    expect(await exec('/no/such')).toMatchObject({ ok: false })
  })

  test('a port that nobody named', async () => {
    expect(await runHandler(target(), { httpGet: { port: 'other' } }, 300)).toEqual({
      ok: false,
      message: "couldn't find port: other",
    })
  })
})

describe('the probes of a container', () => {
  const period = { periodSeconds: 0.02, timeoutSeconds: 1 }
  const probing = (probes: Parameters<typeof startProber>[0], answers: Record<string, () => boolean>) => {
    const told: string[] = []
    const events: ProbeEvents = {
      onStarted: () => told.push('started'),
      onReady: (ready) => told.push(ready ? 'ready' : 'unready'),
      onFailure: (kind) => void (told.at(-1) === `${kind} failed` || told.push(`${kind} failed`)),
      onUnhealthy: (kind) => told.push(`${kind} killed`),
    }
    const ask = async ({ exec: action }: { exec?: { command?: string[] } }) => ({
      ok: answers[action?.command?.[0] ?? '']?.() ?? false,
      message: '',
    })
    return { told, prober: startProber(probes, ask, events) }
  }
  const probe = (name: string, more = {}) => ({ ...period, ...more, exec: { command: [name] } })

  test('without any, a container is started and ready at once', () => {
    expect(probing({}, {}).told).toEqual(['started', 'ready'])
  })

  test('the startup probe comes before the others', async () => {
    let asked = 0
    const { told, prober } = probing(
      { startup: probe('s', { failureThreshold: 10 }), readiness: probe('r'), liveness: probe('l') },
      { s: () => (asked += 1) > 3, r: () => true, l: () => true },
    )
    await expect.poll(() => told).toEqual(['startup failed', 'started', 'ready'])
    expect(asked).toBe(4)
    prober.stop()
  })

  test('a startup probe that never passes kills', async () => {
    const { told } = probing({ startup: probe('s', { failureThreshold: 3 }), readiness: probe('r') }, { r: () => true })
    await expect.poll(() => told).toEqual(['startup failed', 'startup killed'])
  })

  test('readiness comes and goes by its thresholds, liveness kills once', async () => {
    let well = true
    const { told, prober } = probing(
      { readiness: probe('r', { failureThreshold: 2 }), liveness: probe('l', { failureThreshold: 8 }) },
      { r: () => well, l: () => well },
    )
    await expect.poll(() => told).toEqual(['started', 'ready'])
    well = false
    await expect.poll(() => told.includes('liveness killed')).toBe(true)
    expect(told.indexOf('unready')).toBeLessThan(told.indexOf('liveness killed'))
    prober.stop()
    expect(told.filter((word) => word === 'liveness killed')).toHaveLength(1)
  })

  test('the initial delay is waited for', async () => {
    const begun = performance.now()
    const { told, prober } = probing({ readiness: probe('r', { initialDelaySeconds: 0.2 }) }, { r: () => true })
    await expect.poll(() => told, { interval: 5 }).toEqual(['started', 'ready'])
    expect(performance.now() - begun).toBeGreaterThan(195)
    prober.stop()
  })

  test('in a pod that is being deleted only readiness is asked', async () => {
    let well = true
    const { told, prober } = probing(
      { readiness: probe('r', { failureThreshold: 1 }), liveness: probe('l', { failureThreshold: 1 }) },
      { r: () => well, l: () => well },
    )
    await expect.poll(() => told).toContain('ready')
    prober.onlyReadiness()
    well = false
    await expect.poll(() => told).toContain('unready')
    expect(told).not.toContain('liveness killed')
    prober.stop()
  })
})
