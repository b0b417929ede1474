import type { ArrivalCount } from '../../core/run-folder.ts'
import type { Due } from './arrivals.ts'
import type { RunningLoad } from './users.ts'
import { type LoadContext, VirtualUser } from './virtual-user.ts'

export interface OpenLoop extends RunningLoad {
  count(): ArrivalCount
}

/** Arrivals in order, each taken up by a free virtual user as soon as there is one: late where all are busy. */
export const startOpenLoop = (
  context: LoadContext,
  schedule: readonly Due[],
  maxInFlight: number,
  startedAt: number,
): OpenLoop => {
  const { clock } = context
  let due = 0
  let claimed = 0
  let isStopped = false
  const users: readonly VirtualUser[] = Array.from({ length: maxInFlight }, (_, index) => {
    const user: VirtualUser = new VirtualUser(context, maxInFlight - index, (at) => {
      clock.at(at, () => {
        free.push(user)
        take()
      })
    })
    return user
  })
  const free = [...users]
  const take = (): void => {
    while (claimed < due) {
      const arrival = schedule[claimed]
      if (isStopped || arrival === undefined) return
      const user = free.pop()
      if (user === undefined) return
      const index = claimed++
      user.begin({ arrival: index }, clock.now(), { ...arrival, index, at: startedAt + arrival.at })
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
      for (const user of users) user.end()
    },
    count: () => ({ at: clock.now(), scheduled: schedule.length, due, claimed }),
  }
}
