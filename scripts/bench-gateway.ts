// CPU of the gateway with many streams at once: node scripts/bench-gateway.ts [streams] [ms between chunks] [seconds]
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, createServer, get, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ENGINES = ['127.9.1.1', '127.9.1.2', '127.9.1.3']
const PORT = 8_000
const KUBE = '127.9.1.9'
const GATEWAY = fileURLToPath(new URL('../stack/apps/gateway/main.ts', import.meta.url))

const CHUNK = `data: {"id":"chatcmpl-b43f55f7e16d389b","object":"chat.completion.chunk","created":1795310941,"model":"llama-3.1-8b","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null,"token_ids":null}]}\n\n`

/** One timer for all streams, as an engine's step loop: a chunk to each, every so many ms. */
const engine = (host: string, everyMs: number): void => {
  const streams = new Set<import('node:http').ServerResponse>()
  createServer((call, response) => {
    call.resume()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    streams.add(response)
    response.once('close', () => streams.delete(response))
  }).listen(PORT, host, 4_096)
  setInterval(() => {
    for (const stream of streams) stream.write(CHUNK)
  }, everyMs)
}

const kube = (): void => {
  const items = ENGINES.map((ip, index) => ({
    metadata: { name: `vllm-${index}`, uid: `u${index}`, resourceVersion: '1' },
    status: { podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
  }))
  createServer((call, response) => {
    response.setHeader('content-type', 'application/json')
    if (call.url?.includes('watch=true')) response.flushHeaders()
    else response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items }))
  }).listen(PORT, KUBE)
}

/** In a process of its own, so that its work is not counted as anybody else's. */
const client = (host: string, port: number, streams: number): void => {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  let bytes = 0
  let open = 0
  const body = JSON.stringify({ model: 'llama-3.1-8b', stream: true, messages: [{ role: 'user', content: 'hi' }] })
  for (let index = 0; index < streams; index += 1) {
    const call = request({ host, port, path: '/v1/chat/completions', method: 'POST', agent }, (response) => {
      open += 1
      response.on('data', (part: Buffer) => {
        bytes += part.length
      })
    })
    call.end(body)
  }
  setInterval(() => process.send?.({ open, bytes }), 1_000)
}

/** Seconds of CPU that a process has used (proc(5), fields 14 and 15, in hundredths), and its resident MiB. */
const usage = async (pid: number): Promise<{ cpu: number; mib: number }> => {
  const [stat, status] = await Promise.all(['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')))
  const fields = (stat ?? '').replace(/^.*\) /, '').split(' ')
  const mib = Number(/VmRSS:\s+(\d+)/.exec(status ?? '')?.[1]) / 1_024
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, mib }
}

const main = async (streams: number, everyMs: number, seconds: number): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-gateway-'))
  const self = fileURLToPath(import.meta.url)
  const children = ENGINES.map((host) => fork(self, ['engine', host, String(everyMs)]))
  children.push(fork(self, ['kube']))
  const env = {
    ...process.env,
    HOST: '127.9.1.8',
    PORT: '8080',
    POD_NAMESPACE: 'llm',
    FLAGS_FILE: fileURLToPath(new URL('../chaos/flags/flags.json', import.meta.url)),
    KUBECONFIG: join(folder, 'kubeconfig'),
  }
  await writeFile(env.KUBECONFIG, kubeconfig(`http://${KUBE}:${PORT}`))
  const gateway = spawn(process.execPath, [GATEWAY], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    await ready('http://127.9.1.8:8080/readyz')
    const idle = await usage(gateway.pid ?? 0)
    const load = fork(self, ['client', env.HOST, env.PORT, String(streams)])
    children.push(load)
    let seen = { open: 0, bytes: 0 }
    load.on('message', (message) => {
      // The client's own words, three functions above.
      seen = message as typeof seen
    })
    while (seen.open < streams) await once(load, 'message')
    await delay(1_000)
    const [before, bytesBefore, start] = [await usage(gateway.pid ?? 0), seen.bytes, performance.now()]
    await delay(seconds * 1_000)
    const [after, bytes, end] = [await usage(gateway.pid ?? 0), seen.bytes - bytesBefore, performance.now()]
    const elapsed = (end - start) / 1_000
    console.log(
      `${streams} streams, a chunk every ${everyMs} ms: ${Math.round(bytes / CHUNK.length / elapsed)} chunks/s, ` +
        `${((after.cpu - before.cpu) / elapsed).toFixed(2)} cores, ${Math.round(after.mib)} MiB (idle ${Math.round(idle.mib)})`,
    )
  } finally {
    for (const child of [...children, gateway]) child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
}

const ready = async (url: string): Promise<void> => {
  for (;;) {
    const status = await new Promise((resolve) => {
      get(url, (response) => resolve(response.resume().statusCode)).on('error', () => resolve(0))
    })
    if (status === 200) return
    await delay(100)
  }
}

const kubeconfig = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench',
  })

// The parts end with the benchmark, however that ends.
process.once('disconnect', () => process.exit())

const [role = '', ...rest] = process.argv.slice(2)
if (role === 'engine') engine(rest[0] ?? '', Number(rest[1]))
else if (role === 'kube') kube()
else if (role === 'client') client(rest[0] ?? '', Number(rest[1]), Number(rest[2]))
else await main(Number(role || 1_000), Number(rest[0] ?? 55), Number(rest[1] ?? 10))
