import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeLoad, Load, loadDuration, loadPlan, mostUsers, ramp, replay, requests, shortLoad } from './load.ts'

const planOf = (load: z.input<typeof Load>) => loadPlan(Load.parse(load))

test('the words of a load are plain data, durations in milliseconds', () => {
  const arrivals = requests('poisson').to(200, '10s').hold('60s')
  expect(Load.parse({ arrivals, maxInFlight: 500, workload: 'chat' }).arrivals).toEqual({
    process: 'poisson',
    stages: [
      { to: 200, over: 10_000 },
      { to: 200, over: 60_000 },
    ],
  })
  expect(requests('gamma', { burstiness: 0.5 }).to(1, '1s')).toEqual({
    process: 'gamma',
    burstiness: 0.5,
    stages: [{ to: 1, over: '1s' }],
  })
  expect(replay('trace.csv', { speed: 2 })).toEqual({ process: 'trace', trace: 'trace.csv', speed: 2 })
  expect(JSON.parse(JSON.stringify(ramp().to(5, '1s')))).toEqual({ stages: [{ to: 5, over: '1s' }] })
})

test('a plan is one of the two kinds, with its length and the users that k6 needs', () => {
  const users = planOf({ users: ramp().to(100, '10s').to(40, '1m'), workload: 'chat' })
  expect(users.kind).toBe('users')
  expect([loadDuration(users), mostUsers(users), shortLoad(users)]).toEqual([70_000, 100, '100 users'])

  const open = planOf({ arrivals: requests('constant').to(20, '0s').hold('1m'), maxInFlight: 64, workload: 'chat' })
  expect(open).toMatchObject({ kind: 'arrivals', maxInFlight: 64, maxLag: 50 })
  expect([loadDuration(open), mostUsers(open), shortLoad(open)]).toEqual([60_000, 64, 'constant 20/s'])
  expect(describeLoad(open)).toBe(
    'constant arrivals: 20 requests/s over 0s, 20 requests/s over 1m; at most 64 under way, at most 50ms late',
  )

  const trace = planOf({ arrivals: replay('a.csv'), maxInFlight: 8, maxLag: '1s', workload: 'chat' })
  expect([loadDuration(trace), shortLoad(trace)]).toEqual([null, 'trace ×1'])
  expect(loadDuration(planOf({ arrivals: replay('a.csv', { over: '5m' }), maxInFlight: 8, workload: 'chat' }))).toBe(
    300_000,
  )
})

const USERS = { stages: [{ to: 5, over: '5s' }] }
const STAGES = [{ to: 5, over: '5s' }]

test.each([
  { title: 'neither', load: {}, path: 'users', text: 'found neither' },
  {
    title: 'both',
    load: { users: USERS, arrivals: { process: 'poisson', stages: STAGES }, maxInFlight: 1 },
    path: 'arrivals',
    text: 'found both',
  },
  {
    title: 'arrivals without a bound',
    load: { arrivals: { process: 'poisson', stages: STAGES } },
    path: 'maxInFlight',
    text: 'under way at once',
  },
  { title: 'users with a bound', load: { users: USERS, maxInFlight: 5 }, path: 'maxInFlight', text: 'beside arrivals' },
  { title: 'users with a lag', load: { users: USERS, maxLag: '1s' }, path: 'maxLag', text: 'beside arrivals' },
  {
    title: 'gamma without burstiness',
    load: { arrivals: { process: 'gamma', stages: STAGES }, maxInFlight: 5 },
    path: 'arrivals.burstiness',
    text: 'number',
  },
  {
    title: 'stages of no length',
    load: { arrivals: { process: 'constant', stages: [{ to: 5, over: '0s' }] }, maxInFlight: 5 },
    path: 'arrivals.stages',
    text: 'takes some time',
  },
  {
    title: 'another process',
    load: { arrivals: { process: 'weibull', stages: STAGES }, maxInFlight: 5 },
    path: 'arrivals.process',
    text: 'expected process to be constant, poisson, gamma or trace',
  },
  {
    title: 'burstiness of another process',
    load: { arrivals: { process: 'poisson', burstiness: 0.5, stages: STAGES }, maxInFlight: 5 },
    path: 'arrivals',
    text: 'with the process gamma only',
  },
  {
    title: 'burstiness that no schedule can be drawn with',
    load: { arrivals: { process: 'gamma', burstiness: 1e5, stages: STAGES }, maxInFlight: 5 },
    path: 'arrivals.burstiness',
    text: '1000',
  },
  {
    title: 'a schedule without a request',
    load: {
      arrivals: {
        process: 'poisson',
        stages: [
          { to: 0, over: '5s' },
          { to: 5, over: '0s' },
        ],
      },
      maxInFlight: 5,
    },
    path: 'arrivals.stages',
    text: 'no request would ever come',
  },
  {
    title: 'a promise of something else',
    load: { users: USERS, slo: { itl: '50ms' } },
    path: 'slo',
    text: '"itl"',
  },
  {
    title: 'a promise of nothing',
    load: { users: USERS, slo: {} },
    path: 'slo',
    text: 'expected at least one of ttft, tpot and e2e, found none',
  },
])('$title is refused, with the path', ({ load, path, text }) => {
  const { error } = Load.safeParse({ workload: 'chat', ...load })
  const issue = error?.issues.find((one) => one.path.join('.') === path)
  expect(issue?.message).toContain(text)
})
