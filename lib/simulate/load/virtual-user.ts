import { isSpent, joined, pressed, type PressedSizes, type Pressure } from '../../k6/pressure.ts'
import { drawSizes, type Sizes, type TurnKey, turnName, turnsOf } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork, Timed } from '../clockwork.ts'
import type { Served } from '../gateway/gateway.ts'
import type { Asker } from './ask.ts'
import type { SimulatedClient } from './client.ts'
import type { PromptMaker } from './prompt.ts'

export interface LoadContext {
  clock: Clockwork
  client: SimulatedClient
  prompts: PromptMaker
  workload: Workload
  seed: number
  /** What presses on the load now. */
  pressures(): readonly Pressure[]
  /** Another number for each request. */
  nonce(): number
  /** The surge that these users came with, and what is added to their numbers; null of the load's own. */
  surge: { step: string; firstVu: number } | null
}

/** What the schedule of an open loop begins a chat with. */
export interface Arrival {
  index: number
  /** Milliseconds since the epoch: when the schedule wants it. */
  at: number
  promptTokens: number | null
  outputTokens: number | null
}

/** One of k6's virtual users: plays chats, one after the other, each turn after its pause. */
export class VirtualUser implements Asker, Timed {
  readonly vu: number
  private readonly context: LoadContext
  /** A chat is over at a time that is now or in a moment. */
  private readonly onChatOver: (at: number) => void
  private key: TurnKey = { vu: 0, chat: 0 }
  private arrival: Arrival | null = null
  private turns = 1
  private index = 0
  private sizes: Sizes | null = null
  /** As it was sent, and what came back. */
  private prompt: Tokens | null = null
  private answered: Tokens | null = null
  /** Steps whose doing is in the chat so far. */
  private kept: readonly string[] = []
  private iteration = 0
  private isOver = false

  constructor(context: LoadContext, vu: number, onChatOver: (at: number) => void) {
    this.context = context
    this.vu = vu + (context.surge?.firstVu ?? 0)
    this.onChatOver = onChatOver
  }

  /** The user is ready from a time on that is now or in a moment. */
  begin(key: TurnKey, from: number, arrival: Arrival | null): void {
    if (this.isOver) return
    this.key = key
    this.arrival = arrival
    this.turns = turnsOf(this.context, key)
    this.index = 0
    this.prompt = null
    this.answered = null
    this.kept = []
    this.turn(from)
  }

  /** Asks nothing more; what is under way goes on. */
  end(): void {
    this.isOver = true
  }

  done(served: Served | null, at: number): void {
    if (served === null || this.prompt === null || this.index + 1 >= this.turns) return this.onChatOver(at)
    const { outputSeed, outputTokens } = served.request
    this.index++
    this.answered = this.context.prompts.answer(outputSeed, outputTokens)
    this.turn(at)
  }

  private turn(from: number): void {
    const { clock } = this.context
    const row = this.index === 0 ? this.arrival : null
    this.sizes = drawSizes(this.context, this.key, this.index, row)
    const due = from + this.sizes.think
    if (due > clock.now()) clock.tell(due, this)
    else this.due()
  }

  /** The pause is over. */
  due(): void {
    const { client, surge } = this.context
    const { arrival, index } = this
    if (this.isOver || this.sizes === null) return
    if (isSpent(this.kept, this.context.pressures())) return this.onChatOver(this.context.clock.now())
    const changed = this.pressedNow(this.sizes)
    const sizes = changed ?? this.sizes
    this.kept = changed?.kept ?? NO_STEPS
    this.prompt = this.promptOf(sizes, changed !== null && changed.uniqueSeed !== null)
    client.ask(this, {
      iteration: this.iteration++,
      arrival: index === 0 ? arrival : null,
      prompt: this.prompt,
      maxTokens: sizes.maxTokens,
      cancel: sizes.cancel,
      traffic: trafficOf(surge?.step ?? null, changed?.traffic ?? NO_STEPS),
      extra: surge !== null,
    })
  }

  /** Its user has thought meanwhile: as it is to be by now; null where nothing presses. */
  private pressedNow(sizes: Sizes): PressedSizes | null {
    const pressures = this.context.pressures()
    if (pressures.length === 0) return null
    const all = pressed(sizes, turnName(this.key, this.index), pressures)
    const { kept } = this
    return kept.length === 0 ? all : { ...all, traffic: joined(kept, all.traffic), kept: joined(kept, all.kept) }
  }

  private promptOf(sizes: Sizes, isUnique: boolean): Tokens {
    const { prompts, nonce } = this.context
    const { prompt: before, answered, key } = this
    const prompt =
      before === null || answered === null ? prompts.first(key, sizes) : prompts.next(before, answered, sizes.own)
    return isUnique ? prompts.alone(prompt, nonce()) : prompt
  }
}

// --- Internal helpers ---

const NO_STEPS: string[] = []

/** Of most requests null: nothing is made for them. */
const trafficOf = (surge: string | null, pressing: readonly string[]): string | null => {
  if (surge === null && pressing.length === 0) return null
  return (surge === null ? pressing : [surge, ...pressing]).join(',')
}
