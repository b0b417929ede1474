// Drives a vLLM server by a schedule and records what it and its clients see, for `firedrill engine fit` and `replay`:
//   node scripts/record-engine.ts --url http://127.0.0.1:8000 --model tiny --max-num-seqs 32 --max-num-batched-tokens 1024 \
//     --rate 0.5:3 --seconds 120 --prompt 64,200,400,900 --output 100,250,600 --seed 21 --out climb.json
// Say --no-chunked-prefill, --scheduling-policy and --long-prefill-token-threshold where the server was started with them: no
// endpoint tells. --timeout SECONDS: clients give up. The server has to be idle before, and the client needs a core of its
// own (`taskset -c 1`).
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { errorMessage } from '../lib/core/errors.ts'
import { deriveSeed, seededRandom } from '../lib/core/random.ts'
import { cacheConfig, metricsRow } from './record-engine/metrics-row.ts'
import { PlannedRequest, planRequests, promptOf } from './record-engine/plan.ts'
import { round, send } from './record-engine/send.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    url: { ...text, default: 'http://127.0.0.1:8000' },
    model: text,
    out: text,
    seed: { ...text, default: '1' },
    rate: { ...text, default: '1' },
    seconds: { ...text, default: '60' },
    prompt: { ...text, default: '64,200,400,900' },
    output: { ...text, default: '64,128,300,500' },
    like: text,
    'shared-prefix': { ...text, default: '0' },
    vocabulary: { ...text, default: '1024' },
    'max-num-seqs': text,
    'max-num-batched-tokens': text,
    'chunked-prefill': { type: 'boolean', default: true },
    'scheduling-policy': { ...text, default: 'fcfs' },
    'long-prefill-token-threshold': { ...text, default: '0' },
    timeout: text,
    machine: { ...text, default: '' },
  },
  // --no-chunked-prefill
  allowNegative: true,
})

const fail = (message: string): never => {
  console.error(message)
  return process.exit(64)
}
const number = (name: string, value: string | undefined): number => {
  const parsed = Number(value)
  return value !== undefined && parsed >= 0 ? parsed : fail(`expected a number for --${name}, found ${value ?? 'none'}`)
}
const numbers = (name: string, value: string): number[] => value.split(',').map((one) => number(name, one))

const {
  url,
  model = fail('expected --model, the name that the server serves'),
  out = fail('expected --out FILE'),
} = values
const seed = number('seed', values.seed)
const shared = number('shared-prefix', values['shared-prefix'])
/** What no endpoint tells: as the server was started. */
const settings = {
  max_num_seqs: number('max-num-seqs', values['max-num-seqs']),
  max_num_batched_tokens: number('max-num-batched-tokens', values['max-num-batched-tokens']),
  chunked_prefill: values['chunked-prefill'],
  scheduling_policy: values['scheduling-policy'],
  long_prefill_token_threshold: number('long-prefill-token-threshold', values['long-prefill-token-threshold']),
}
const timeoutSeconds = values.timeout === undefined ? null : number('timeout', values.timeout)
const [from = 1, to = from] = values.rate.split(':').map((one) => number('rate', one))

/** The arrivals and lengths of another recording, or new ones. */
const planned: PlannedRequest[] =
  values.like === undefined
    ? planRequests(
        {
          from,
          to,
          seconds: number('seconds', values.seconds),
          promptTokens: numbers('prompt', values.prompt),
          outputTokens: numbers('output', values.output),
        },
        seededRandom(deriveSeed(seed, 'plan')),
      )
    : z.object({ requests: z.array(PlannedRequest) }).parse(JSON.parse(await readFile(values.like, 'utf8'))).requests

const get = async (path: string): Promise<string> => {
  const response = await fetch(url + path)
  if (!response.ok) fail(`expected 200 from ${url}${path}, found ${response.status}`)
  return response.text()
}
const before = await get('/metrics').catch((error: unknown) => fail(`no vLLM at ${url}: ${errorMessage(error)}`))
if (metricsRow(before)['vllm:num_requests_running'] !== 0) fail('expected an idle server, found requests running')
const cache = cacheConfig(before)
const models: unknown = JSON.parse(await get('/v1/models'))
const version: unknown = JSON.parse(await get('/version'))
const maxModelLen = Number(/"max_model_len":(\d+)/.exec(JSON.stringify(models))?.[1])

const SCRAPE_SECONDS = 0.25
/** Scrapes before the first request and after the last. */
const MARGIN_SECONDS = 1

const origin = performance.now() + MARGIN_SECONDS * 1_000
const clock = (): number => (performance.now() - origin) / 1_000
const stop = new AbortController()
const aborted = new AbortController()
process.once('SIGINT', () => aborted.abort(new Error('interrupted')))

const metrics: Record<string, number>[] = []
const scraping = (async () => {
  while (!stop.signal.aborted && !aborted.signal.aborted) {
    const t_s = round(clock())
    metrics.push({ t_s, ...metricsRow(await get('/metrics')) })
    await sleep(SCRAPE_SECONDS * 1_000)
  }
})()
const requests = await Promise.all(
  planned.map(async (request) => {
    const prompt = promptOf(request, shared, {
      ids: number('vocabulary', values.vocabulary),
      random: seededRandom(deriveSeed(seed, `prompt ${request.i}`)),
      common: seededRandom(deriveSeed(seed, 'shared prefix')),
    })
    await sleep(Math.max(0, (request.planned_s - clock()) * 1_000), undefined, { signal: aborted.signal })
    return send(request, prompt, { url, model, clock, timeoutSeconds, signal: aborted.signal })
  }),
).catch((error: unknown) => fail(`a request failed: ${errorMessage(error)}`))
await sleep(MARGIN_SECONDS * 1_000)
stop.abort()
await scraping

const server = {
  vllm: `${/"version":"([^"]+)"/.exec(JSON.stringify(version))?.[1] ?? 'unknown'} ${values.machine}`.trim(),
  model,
  block_size: Number(cache['block_size']),
  num_gpu_blocks: Number(cache['num_gpu_blocks']),
  ...settings,
  max_model_len: maxModelLen,
  prefix_caching: cache['enable_prefix_caching'] === 'True',
}
const pattern = values.like === undefined ? 'poisson' : `like ${basename(values.like)}`
await writeFile(out, JSON.stringify({ pattern, seed, shared_prefix_tokens: shared, requests, metrics, server }))
const unanswered = requests.filter(({ aborted: gone }) => gone).length
const besides = unanswered === 0 ? '' : ` (${unanswered} not answered in full)`
console.log(`${requests.length} requests${besides}, ${metrics.length} scrapes → ${out}`)
