import type { ArrivalCount } from '../../core/run-folder.ts'
import type { Due } from './arrivals.ts'
import { type LoadContext, playChat, type RunningLoad } from './users.ts'

export interface OpenLoop extends RunningLoad {
  count(): ArrivalCount
}

interface Worker {
  vu: number
  iteration: number
}

/** Arrivals in order, each taken up by a free virtual user as soon as there is one: late where all are busy. */
export const startOpenLoop = (
  context: LoadContext,
  schedule: readonly Due[],
  maxInFlight: number,
  startedAt: number,
): OpenLoop => {
  const { clock } = context
  const free: Worker[] = Array.from({ length: maxInFlight }, (_, index) => ({ vu: maxInFlight - index, iteration: 0 }))
  let due = 0
  let claimed = 0
  let isStopped = false

  const take = (): void => {
    while (claimed < due) {
      if (isStopped) return
      const worker = free.pop()
      const arrival = schedule[claimed]
      if (worker === undefined || arrival === undefined) {
        if (worker !== undefined) free.push(worker)
        return
      }
      const index = claimed++
      playChat({
        ...context,
        key: { arrival: index },
        vu: worker.vu,
        nextIteration: () => worker.iteration++,
        arrival: { ...arrival, index, at: startedAt + arrival.at },
        from: clock.now(),
        wait: (until, act) =>
          void clock.at(until, () => {
            if (!isStopped) act()
          }),
        over: (at) =>
          void clock.at(at, () => {
            free.push(worker)
            take()
          }),
      })
    }
  }
  const followNext = (): void => {
    const next = schedule[due]
    if (next === undefined) return
    clock.at(startedAt + next.at, () => {
      if (isStopped) return
      due++
      take()
      followNext()
    })
  }
  followNext()
  return {
    users: () => maxInFlight,
    stop: () => {
      isStopped = true
    },
    count: () => ({ at: clock.now(), scheduled: schedule.length, due, claimed }),
  }
}
