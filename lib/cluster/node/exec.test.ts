import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { ExecTarget } from './exec-process.ts'
import { createExecServer } from './exec-server.ts'

let server: Server
let base: string
let target: ExecTarget
let endContainer: () => void
let cwd: string

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'firedrill-exec-'))
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  endContainer = resolve
  target = {
    launch: { argv: ['main'], env: { PATH: process.env['PATH'] ?? '', COLOUR: 'red' }, cwd },
    pid: 4_711,
    ended,
    rewrite: (text) => text.replace('/data', cwd),
    kill: (pid, signal) => process.kill(pid, signal),
  }
  const exec = createExecServer(
    ({ container }) =>
      container === 'main' ? target : { status: 404, message: `container not found ("${container}")` },
    () => undefined,
  )
  server = createServer().on('upgrade', exec.onUpgrade)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  base = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  endContainer()
  server.closeAllConnections()
  server.close()
  rmSync(cwd, { recursive: true, force: true })
})

const url = (command: readonly string[], query = 'output=1&error=1', path = '/exec/llm/pod/main'): string =>
  `${base}${path}?${query}${command.map((word) => `&command=${encodeURIComponent(word)}`).join('')}`

const V5 = 'v5.channel.k8s.io'

interface Ended {
  stdout: string
  stderr: string
  status: { status?: string; message?: string; details?: { causes: { reason: string; message: string }[] } }
  code: number
}

/** Speaks the protocol byte by byte. */
const open = (address: string, protocol: string = V5): { socket: WebSocket; ended: Promise<Ended> } => {
  const socket = new WebSocket(address, protocol)
  const texts = ['', '', '', '']
  const ended = new Promise<Ended>((resolve, reject) => {
    socket.on('message', (data: Buffer) => {
      const channel = data[0] ?? 0
      texts[channel] += data.subarray(1).toString()
    })
    socket.on('error', reject)
    socket.on('close', (code) => {
      const [, stdout = '', stderr = '', status = ''] = texts
      resolve({ stdout, stderr, status: status === '' ? {} : JSON.parse(status), code })
    })
  })
  // Of a socket that a test breaks, nobody asks.
  ended.catch(() => undefined)
  return { socket, ended }
}

const run = (script: string, query?: string): Promise<Ended> => open(url(['sh', '-c', script], query)).ended

const isRunning = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

describe('a command in a container', { timeout: 30_000 }, () => {
  test('has its environment, folder and mounts, and tells its streams apart', async () => {
    const { stdout, stderr, status } = await run('echo $COLOUR $FIREDRILL_PID1; pwd; cd /data && pwd; echo oh >&2')
    expect(stdout).toBe(`red 4711\n${cwd}\n${cwd}\n`)
    expect(stderr).toBe('oh\n')
    expect(status).toEqual({ metadata: {}, status: 'Success' })
  })

  test('ends with its exit code, a signal as 128 and its number', async () => {
    const cause = (message: string) => [{ reason: 'ExitCode', message }]
    expect((await run('exit 7')).status).toMatchObject({ status: 'Failure', details: { causes: cause('7') } })
    expect((await run('kill -TERM $$')).status.details?.causes).toEqual(cause('143'))
  })

  test('that does not exist is an error of its own', async () => {
    const { status } = await open(url(['no-such-program'])).ended
    expect(status).toMatchObject({ status: 'Failure', reason: 'InternalError' })
    expect(status.message).toContain('no-such-program')
  })

  test('reads what is sent, until v5 closes the stream', async () => {
    const { socket, ended } = open(url(['cat'], 'input=1&output=1'))
    await new Promise((opened) => socket.on('open', opened))
    const big = Buffer.alloc(3 * 2 ** 20, 'x')
    socket.send(Buffer.concat([Buffer.from([0]), big]))
    socket.send(Buffer.concat([Buffer.from([0]), Buffer.from('end')]))
    socket.send(Buffer.from([255, 0]))
    const { stdout, status } = await ended
    expect(stdout.length).toBe(big.length + 3)
    expect(status.status).toBe('Success')
  })

  test('that writes more than a reader takes waits for it', async () => {
    const { socket, ended } = open(url(['sh', '-c', `yes | head -c 12000000; echo done > ${cwd}/done`]))
    await new Promise((opened) => socket.on('open', opened))
    socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(existsSync(join(cwd, 'done'))).toBe(false)
    socket.resume()
    expect((await ended).stdout.length).toBe(12_000_000)
  })

  test('is killed with its group when the client leaves', async () => {
    const { socket } = open(url(['sh', '-c', `echo $$ > ${cwd}/pid; sleep 60 & echo $! > ${cwd}/child; wait`]))
    await expect.poll(() => existsSync(join(cwd, 'child')), { timeout: 5_000 }).toBe(true)
    const pids = ['pid', 'child'].map((name) => Number(readFileSync(join(cwd, name), 'utf8')))
    expect(pids.every(isRunning)).toBe(true)
    socket.terminate()
    await expect.poll(() => pids.some(isRunning), { timeout: 5_000 }).toBe(false)
  })

  test('ends with its container', async () => {
    const { socket, ended } = open(url(['sh', '-c', `echo $$ > ${cwd}/pid; exec sleep 60`]))
    await new Promise((opened) => socket.on('open', opened))
    await expect.poll(() => existsSync(join(cwd, 'pid')), { timeout: 5_000 }).toBe(true)
    endContainer()
    expect((await ended).status.details?.causes).toEqual([{ reason: 'ExitCode', message: '137' }])
    expect(isRunning(Number(readFileSync(join(cwd, 'pid'), 'utf8')))).toBe(false)
  })

  test('may leave something in the background, which nobody waits for', async () => {
    const { stdout, status } = await run(`sleep 60 & echo $!`)
    const pid = Number(stdout)
    expect(status.status).toBe('Success')
    expect(isRunning(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })
})

describe('what is refused', () => {
  const refusal = async (address: string, protocol?: string): Promise<string> =>
    open(address, protocol).ended.then(
      () => 'accepted',
      (error: Error) => error.message,
    )

  test('says so before the connection is taken over', async () => {
    expect(await refusal(url([]))).toContain('400')
    expect(await refusal(url(['true'], ''))).toContain('400')
    expect(await refusal(url(['true'], 'output=1&tty=1'))).toContain('501')
    expect(await refusal(url(['true'], 'output=1', '/exec/llm/pod/other'))).toContain('404')
    expect(await refusal(url(['true']), 'v1.channel.k8s.io')).toContain('400')
    expect(await refusal(url(['true']), 'v4.channel.k8s.io')).toBe('accepted')
  })

  test('SPDY is, with a word on who speaks WebSocket', async () => {
    const answer = await fetchUpgrade(
      base.replace('ws:', 'http:'),
      '/exec/llm/pod/main?command=true&output=1',
      'SPDY/3.1',
    )
    expect(answer).toContain('HTTP/1.1 400')
    expect(answer).toContain('kubectl 1.31')
  })
})

/** By curl's way: a plain request that asks for another protocol. */
const fetchUpgrade = (address: string, path: string, protocol: string): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(address)
    const script = `exec 3<>/dev/tcp/${hostname}/${port}; printf 'POST ${path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: ${protocol}\\r\\n\\r\\n' >&3; cat <&3`
    const child = spawn('bash', ['-c', script])
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('close', () => resolve(text))
  })
