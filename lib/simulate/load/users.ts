import { type LoadContext, startClosedLoopUser, type VirtualUser } from './virtual-user.ts'

/** A load that is under way. */
export interface RunningLoad {
  /** Virtual users that are active now. */
  users(): number
  stop(): void
}

/** Closed-loop users as k6's ramping-vus has them: each stage begins or ends them one by one, evenly. */
export const startUsers = (
  context: LoadContext,
  stages: readonly { to: number; over: number }[],
  startedAt: number,
): RunningLoad => {
  const { clock } = context
  const active: VirtualUser[] = []
  let begun = 0
  let isStopped = false
  const begin = (): void => {
    if (isStopped) return
    active.push(startClosedLoopUser(context, ++begun))
  }
  const end = (): void => active.pop()?.end()
  let at = startedAt
  let from = 0
  for (const { to, over } of stages) {
    const steps = Math.abs(to - from)
    for (let step = 1; step <= steps; step++) clock.at(at + (over * step) / steps, to > from ? begin : end)
    at += over
    from = to
  }
  return {
    users: () => active.length,
    stop: () => {
      isStopped = true
      while (active.length > 0) end()
    },
  }
}
