import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { eventually } from './testing/eventually.ts'
import { openServer, type TestServer, type TestServerOptions } from './testing/open-server.ts'

/** What was logged, and by whom: `EngineCore INFO [scheduler.py:2756] …`. */
let lines: string[]
beforeEach(() => {
  lines = []
})

const open = (options: TestServerOptions = {}): Promise<TestServer> =>
  openServer({
    stepFloorMs: 2,
    devMode: true,
    onLog: (process, level, place, text) => void lines.push(`${process} ${level} [${place}] ${text}`),
    ...options,
  })

const ask = async ({ post }: TestServer, maxTokens: number): Promise<number> => {
  const body = { model: 'tiny', prompt: 'hello', max_tokens: maxTokens, ignore_eos: true }
  const answer = await post('/v1/completions', body)
  await answer.text()
  return answer.status
}

const post = async (server: TestServer, path: string): Promise<unknown> => (await server.post(path, {})).json()
const get = async ({ url }: TestServer, path: string): Promise<unknown> => (await fetch(url + path)).json()
const running = (server: TestServer): Promise<number> => server.sample('vllm:num_requests_running')

/** Whether a promise is settled by now. */
const isOver = (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => true), delay(0).then(() => false)])

describe('?mode=wait', () => {
  test.each([
    ['/sleep?level=1&mode=wait', { status: 'sleeping', level: 1 }],
    ['/pause?mode=wait', { status: 'paused' }],
  ])('%s answers when what runs has ended, whoever waits', async (path, expected) => {
    await using server = await open({ arguments: '--max-num-seqs 1' })
    const runs = ask(server, 100)
    await eventually(async () => (await running(server)) === 1)
    const waits = ask(server, 2)
    const answer = post(server, path)
    await delay(50)
    expect([await isOver(runs), await isOver(answer)]).toEqual([false, false])
    expect(await get(server, '/is_paused')).toEqual({ is_paused: true })
    expect(await runs).toBe(200)
    expect(await answer).toEqual(expected)
    await delay(50)
    expect(await isOver(waits)).toBe(false)
    await post(server, '/wake_up')
    expect(await waits).toBe(200)
  })

  test('fails where the engine dies meanwhile', async () => {
    await using server = await open()
    const runs = ask(server, 4_000)
    await eventually(async () => (await running(server)) === 1)
    const sleeps = server.post('/sleep?mode=wait', {})
    const pauses = server.post('/pause?mode=wait', {})
    await eventually(() => lines.filter((line) => line.includes('PAUSED_NEW')).length === 2)
    server.application.driver.die()
    expect([await runs, (await sleeps).status, (await pauses).status]).toEqual([500, 500, 500])
    expect(await (await server.post('/pause', {})).json()).toEqual({
      error: 'Failed to pause generation: EngineCore encountered an issue. See stack trace (above) for the root cause.',
    })
  })
})

describe('/pause', () => {
  const PROMPT = { model: 'tiny', prompt: 'abcd'.repeat(200), max_tokens: 1 }

  test.each([
    ['/pause', 0],
    ['/pause?clear_cache=false', 192],
    ['/pause?mode=keep&clear_cache=no', 192],
  ])('%s leaves the prefix cache or not', async (path, hits) => {
    await using server = await open()
    await (await server.post('/v1/completions', PROMPT)).text()
    await post(server, path)
    await post(server, '/resume')
    await (await server.post('/v1/completions', PROMPT)).text()
    expect(await server.sample('vllm:prefix_cache_hits_total')).toBe(hits)
  })

  test('refuses a clear_cache that is neither', async () => {
    await using server = await open()
    const answer = await server.post('/pause?clear_cache=maybe', {})
    expect([answer.status, await answer.text()]).toEqual([
      400,
      `{"error":{"message":"1 validation error:\\n  {'type': 'bool_parsing', 'loc': 'query.clear_cache', 'msg': 'Input should be a valid boolean, unable to interpret input', 'input': 'maybe'}","type":"Bad Request","param":"query.clear_cache","code":400}}`,
    ])
  })
})

describe('asleep', () => {
  test('is more than paused: /resume lets requests in, and the parts that sleep still do', async () => {
    await using server = await open()
    await post(server, '/sleep')
    expect(await post(server, '/wake_up?tags=weights')).toEqual({ status: 'sleeping', tags: ['weights'] })
    await post(server, '/resume')
    expect(await get(server, '/is_sleeping')).toEqual({ is_sleeping: true })
    expect(await get(server, '/is_paused')).toEqual({ is_paused: false })
    expect(await post(server, '/wake_up?tags=kv_cache&tags=scheduling')).toEqual({
      status: 'awake',
      tags: ['kv_cache', 'scheduling'],
    })
    expect(await get(server, '/is_sleeping')).toEqual({ is_sleeping: false })
  })

  test('level 0 is a pause that is no state of being awake', async () => {
    await using server = await open()
    const state = (name: string): Promise<number> =>
      server.sample(`vllm:engine_sleep_state{engine="0",model_name="tiny",sleep_state="${name}"}`)
    expect(await state('awake')).toBe(1)
    await post(server, '/sleep?level=0')
    expect(await get(server, '/is_sleeping')).toEqual({ is_sleeping: true })
    expect([await state('awake'), await state('weights_offloaded')]).toEqual([0, 0])
    expect(await post(server, '/wake_up?tags=scheduling')).toEqual({ status: 'awake', tags: ['scheduling'] })
    expect(await state('awake')).toBe(1)
  })

  /** As a real vLLM 0.32.0 logged the same calls, but for the times and what its device freed. */
  test('says what vLLM says, in the name of the process that does it', async () => {
    await using server = await open()
    await post(server, '/sleep')
    await post(server, '/sleep')
    await post(server, '/wake_up?tags=nonsense')
    await post(server, '/wake_up?tags=weights')
    await post(server, '/wake_up')
    await post(server, '/wake_up')
    expect(lines.map((line) => line.replace(/\d+\.\d{6}/, 'N'))).toEqual([
      'EngineCore INFO [scheduler.py:2756] setting pause state to PAUSED_NEW',
      'EngineCore INFO [block_pool.py:861] Successfully reset prefix cache',
      'EngineCore INFO [gpu_worker.py:326] Sleep mode freed 0.0 GiB memory, 0.0 GiB memory is still in use.',
      'EngineCore INFO [abstract.py:390] It took N seconds to fall asleep.',
      'EngineCore INFO [scheduler.py:2756] setting pause state to PAUSED_NEW',
      'EngineCore INFO [block_pool.py:861] Successfully reset prefix cache',
      'EngineCore WARNING [abstract.py:384] Executor is already sleeping.',
      "APIServer INFO [api_router.py:50] wake up the engine with tags: ['nonsense']",
      "EngineCore WARNING [abstract.py:401] Tag nonsense is not in sleeping tags {'weights', 'kv_cache'}",
      "APIServer INFO [api_router.py:50] wake up the engine with tags: ['weights']",
      "EngineCore INFO [abstract.py:408] It took N seconds to wake up tags ['weights'].",
      'APIServer INFO [api_router.py:50] wake up the engine with tags: None',
      "EngineCore INFO [abstract.py:408] It took N seconds to wake up tags {'kv_cache'}.",
      'EngineCore INFO [scheduler.py:2756] setting pause state to UNPAUSED',
      'APIServer INFO [api_router.py:50] wake up the engine with tags: None',
      'EngineCore WARNING [abstract.py:396] Executor is not sleeping.',
      'EngineCore INFO [scheduler.py:2756] setting pause state to UNPAUSED',
    ])
  })
})
