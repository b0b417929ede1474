import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import chat from '../../../scenarios/workloads/chat.ts'
import { seededRandom } from '../../core/random.ts'
import { Workload } from '../../core/workload.ts'
import { drawSizes, type TurnKey } from '../../k6/turn.ts'
import { TurnSeeds } from './turn-seeds.ts'

const turn = fc.record({
  key: fc.oneof(
    fc.record({ vu: fc.integer({ min: 1, max: 3 }), chat: fc.nat(500) }),
    fc.record({ arrival: fc.nat(1_000_000) }),
  ) satisfies fc.Arbitrary<TurnKey>,
  index: fc.nat(12),
})

test('a user draws what k6 draws of the same turns', () => {
  const workload = Workload.parse({ ...chat, promptTokens: { min: 1, max: 1_000_000 } })
  fc.assert(
    fc.property(fc.integer(), fc.array(turn), (seed, turns) => {
      const seeds = new TurnSeeds(seed)
      for (const { key, index } of turns) {
        const random = seededRandom(seeds.of(key, index))
        expect(drawSizes({ workload, seed }, key, index, null, random)).toEqual(
          drawSizes({ workload, seed }, key, index, null),
        )
      }
    }),
  )
})
