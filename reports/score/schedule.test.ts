import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../lib/core/random.ts'
import { judgeSchedule } from './schedule.ts'

/** A request a tenth of a second, each sent `lag` after it was wanted. */
const sent = (count: number, lag: (index: number) => number = () => 1) =>
  Array.from({ length: count }, (_, index) => {
    const intended = 1_000 + index * 100
    return { arrival: index, intended, started: intended + lag(index) }
  })

const BOUNDS = { maxLagMs: 50, maxInFlight: 10, mostBusy: 4, brokeOff: null }
const count = (due: number) => ({ at: 1_000 + due * 100 - 50, scheduled: null, due, claimed: due })

describe('a schedule', () => {
  test('of which all were sent in time is delivered', () => {
    const { offered, faults, unsent } = judgeSchedule(sent(200), count(200), BOUNDS)
    expect(faults).toEqual([])
    expect(unsent).toEqual([])
    expect(offered).toMatchObject({ scheduled: 200, claimed: 200, started: 200, lag: { p50: 1, p99: 1, max: 1 } })
  })

  test('may be late now and then', () => {
    const { offered, faults } = judgeSchedule(
      sent(200, (index) => (index === 5 ? 900 : 1)),
      count(200),
      BOUNDS,
    )
    expect(offered.lag).toEqual({ p50: 1, p99: 1, max: 900 })
    expect(faults).toEqual([])
  })

  test('that is late too often is not delivered, with the figures', () => {
    const late = sent(200, (index) => (index % 20 === 0 ? 80 : 1))
    expect(judgeSchedule(late, count(200), BOUNDS).faults).toEqual([
      '1 % of the requests were sent 80 ms late or later (load.maxLag is 50 ms): the machine was too slow',
    ])
    expect(judgeSchedule(late, count(200), { ...BOUNDS, mostBusy: 10 }).faults[0]).toContain(
      'all 10 users were busy (load.maxInFlight)',
    )
    expect(judgeSchedule(late, count(200), { ...BOUNDS, maxLagMs: 80 }).faults).toEqual([])
  })

  test('of which some were never sent is not delivered, and their times are known', () => {
    const requests = sent(100).filter(({ arrival }) => arrival !== 40 && arrival < 98)
    const { faults, unsent, offered } = judgeSchedule(requests, count(100), BOUNDS)
    expect(unsent).toHaveLength(3)
    expect(unsent[0]).toBe(1_000 + 41 * 100)
    expect(offered).toMatchObject({ scheduled: 100, started: 97 })
    expect(faults).toEqual(['3 of 100 scheduled requests were never sent: the machine was too slow'])
  })

  test('of a k6 that was killed does not blame the machine for what was under way', () => {
    // 90 to 99 were taken up and have no record but two; 40 went missing on the way; 100 to 104 came too late.
    const requests = sent(93).filter(({ arrival }) => arrival !== 40 && arrival !== 91)
    const counted = { ...count(105), claimed: 100 }
    const bounds = { ...BOUNDS, brokeOff: 'k6 was killed' }
    const { faults, unsent, lost, offered } = judgeSchedule(requests, counted, bounds)
    expect([unsent.length, lost.length]).toEqual([5, 9])
    expect(lost[0]).toBe(1_000 + 41 * 100)
    expect(offered).toMatchObject({ scheduled: 105, claimed: 100, started: 91 })
    expect(faults).toEqual([
      '5 of 105 scheduled requests were never sent: k6 was killed',
      '9 of 105 scheduled requests have no record, as they were under way: k6 was killed',
    ])
    // It went on after the last count, and has the record of 92: 40 and 91 are lost.
    const early = judgeSchedule(requests, count(80), bounds)
    expect([early.lost.length, early.unsent.length, early.offered.scheduled]).toEqual([2, 0, 93])
    expect(judgeSchedule(sent(93), count(80), bounds).faults).toEqual(['k6 was killed'])
    // Nobody counted: what came before the last record was taken up.
    expect(judgeSchedule(requests, null, bounds)).toMatchObject({ unsent: [], lost: [5_100, 10_200] })
  })

  test('that went on after the last count is no less delivered', () => {
    const { offered, faults } = judgeSchedule(sent(110), count(100), BOUNDS)
    expect(faults).toEqual([])
    expect(offered).toMatchObject({ scheduled: 110, started: 110 })
  })

  test('that nobody counted, or of which nothing was sent, is not delivered', () => {
    expect(judgeSchedule(sent(10), null, BOUNDS).faults).toEqual([
      'nobody counted the schedule: k6 did not get to tell',
    ])
    expect(judgeSchedule(sent(10).slice(3), null, BOUNDS).faults).toContain(
      '3 of 10 scheduled requests were never sent: the machine was too slow',
    )
    expect(judgeSchedule([], count(5), BOUNDS).faults[0]).toBe('not one request of the schedule was sent')
    expect(judgeSchedule([], count(5), BOUNDS).unsent).toHaveLength(5)
  })

  test('loses exactly what is taken away', () => {
    const random = seededRandom(9)
    for (let round = 0; round < 50; round++) {
      const gone = new Set(Array.from({ length: random.int(20) }, () => random.int(150)))
      const requests = sent(150).filter(({ arrival }) => !gone.has(arrival))
      const { unsent, offered } = judgeSchedule(requests, count(150), BOUNDS)
      expect(unsent).toHaveLength(gone.size)
      expect(offered.scheduled).toBe(150)
      expect(unsent).toEqual(unsent.toSorted((a, b) => a - b))
    }
  })

  test("does not mind a chat's later turns, which no schedule wants", () => {
    const turns = [...sent(10), { arrival: null, intended: null, started: 5_000 }]
    expect(judgeSchedule(turns, count(10), BOUNDS).offered.started).toBe(10)
  })
})
