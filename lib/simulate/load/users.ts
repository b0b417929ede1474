import { drawSizes, type TurnKey, turnsOf } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Alarm, Clockwork } from '../clockwork.ts'
import type { SimulatedClient } from './client.ts'
import type { PromptMaker } from './prompt.ts'

export interface LoadContext {
  clock: Clockwork
  client: SimulatedClient
  prompts: PromptMaker
  workload: Workload
  seed: number
  runId: string
}

/** A load that is under way. */
export interface RunningLoad {
  /** Virtual users that are active now. */
  users(): number
  stop(): void
}

interface User {
  isOver: boolean
  pause: Alarm | null
}

/** Closed-loop users as k6's ramping-vus has them: each stage begins or ends them one by one, evenly. */
export const startUsers = (
  context: LoadContext,
  stages: readonly { to: number; over: number }[],
  startedAt: number,
): RunningLoad => {
  const { clock } = context
  const active: User[] = []
  let begun = 0
  let isStopped = false
  const begin = (): void => {
    if (isStopped) return
    const user: User = { isOver: false, pause: null }
    active.push(user)
    live(context, ++begun, user)
  }
  const end = (): void => {
    const user = active.pop()
    if (user === undefined) return
    user.isOver = true
    user.pause?.cancel()
  }
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

// --- Internal helpers ---

/** One user: chat after chat, until it is over. */
const live = (context: LoadContext, vu: number, user: User): void => {
  const { clock } = context
  let chat = 0
  let iteration = 0
  const next = (from: number): void => {
    if (user.isOver) return
    playChat({
      ...context,
      key: { vu, chat: chat++ },
      vu,
      nextIteration: () => iteration++,
      from,
      wait: (until, act) => {
        user.pause = clock.at(until, () => {
          if (!user.isOver) act()
        })
      },
      over: next,
    })
  }
  next(clock.now())
}

export interface Chat extends LoadContext {
  key: TurnKey
  vu: number
  nextIteration(): number
  arrival?: { index: number; at: number; promptTokens: number | null; outputTokens: number | null }
  /** The user is ready from then on: now, or in a moment. */
  from: number
  wait(until: number, act: () => void): void
  over(at: number): void
}

/** The turns of one chat, each after its pause. */
export const playChat = (chat: Chat): void => {
  const {
    clock,
    client,
    prompts,
    workload,
    seed,
    runId,
    key,
    vu,
    arrival,
    from: begins,
    nextIteration,
    wait,
    over,
  } = chat
  const turns = turnsOf({ workload, seed }, key)
  const turn = (index: number, from: number, makePrompt: (own: number) => Tokens | null): void => {
    const sizes = drawSizes({ workload, seed }, key, index, index === 0 ? (arrival ?? null) : null)
    const ask = (): void => {
      const prompt = makePrompt(sizes.own) ?? prompts.first(key, sizes)
      const iteration = nextIteration()
      client.ask({
        id: `${runId}-${vu}-${iteration}`,
        vu,
        iteration,
        arrival: index === 0 && arrival !== undefined ? { index: arrival.index, at: arrival.at } : null,
        key,
        prompt,
        sizes,
        done: (served, at) => {
          if (served === null || index + 1 >= turns) return over(at)
          const { outputSeed, outputTokens } = served.request
          turn(index + 1, at, (own) => prompts.next(prompt, prompts.answer(outputSeed, outputTokens), own))
        },
      })
    }
    const due = from + sizes.think
    if (due > clock.now()) wait(due, ask)
    else ask()
  }
  turn(0, begins, () => null)
}
