import { seededRandom } from '../../core/random.ts'
import { isSpent, joined, pressed, type PressedSizes, type Pressure } from '../../k6/pressure.ts'
import { drawSizes, type Sizes, type TurnKey, turnName, turnsOf } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { EngineRequest, Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork, Timed } from '../clockwork.ts'
import type { Asker } from './asker.ts'
import type { SimulatedClient } from './client.ts'
import type { PromptMaker } from './prompt.ts'
import { TurnSeeds } from './turn-seeds.ts'

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
  readonly extra: boolean
  iteration = -1
  /** What the schedule of an open loop begins this turn with. */
  arrival: Arrival | null = null
  /** As it was sent, and what came back. */
  prompt: Tokens = NO_TOKENS
  traffic: string | null = null
  private readonly context: LoadContext
  private readonly seeds: TurnSeeds
  /** A chat is over at a time that is now or in a moment. */
  private readonly onChatOver: (at: number) => void
  private key: TurnKey = { vu: 0, chat: 0 }
  private turns = 1
  private index = 0
  /** As drawn, and then as it is asked. */
  private sizes = NO_SIZES
  private answered: Tokens | null = null
  /** Steps whose doing is in the chat so far. */
  private kept: readonly string[] = []
  private isOver = false

  constructor(context: LoadContext, vu: number, onChatOver: (at: number) => void) {
    this.context = context
    this.seeds = new TurnSeeds(context.seed)
    this.vu = vu + (context.surge?.firstVu ?? 0)
    this.extra = context.surge !== null
    this.onChatOver = onChatOver
  }

  get maxTokens(): number {
    return this.sizes.maxTokens
  }

  get cancel(): Sizes['cancel'] {
    return this.sizes.cancel
  }

  /** The user is ready from a time on that is now or in a moment. */
  begin(key: TurnKey, from: number, arrival: Arrival | null): void {
    if (this.isOver) return
    this.key = key
    this.arrival = arrival
    this.turns = turnsOf(this.context, key)
    this.index = 0
    this.answered = null
    this.kept = NO_STEPS
    this.turn(from)
  }

  /** Asks nothing more; what is under way goes on. */
  end(): void {
    this.isOver = true
  }

  done(request: EngineRequest | null, at: number): void {
    if (request === null || this.index + 1 >= this.turns) return this.onChatOver(at)
    this.index++
    this.arrival = null
    this.answered = this.context.prompts.answer(request.outputSeed, request.outputTokens)
    this.turn(at)
  }

  private turn(from: number): void {
    const { clock } = this.context
    const random = seededRandom(this.seeds.of(this.key, this.index))
    this.sizes = drawSizes(this.context, this.key, this.index, this.arrival, random)
    const due = from + this.sizes.think
    if (due > clock.now()) clock.tell(due, this)
    else this.due()
  }

  /** The pause is over. */
  due(): void {
    const { client, clock, surge } = this.context
    if (this.isOver) return
    // Mostly nothing is kept, and no function is made to see that.
    if (this.kept.length > 0 && isSpent(this.kept, this.context.pressures())) return this.onChatOver(clock.now())
    const changed = this.pressedNow(this.sizes)
    if (changed !== null) this.sizes = changed
    this.kept = changed?.kept ?? NO_STEPS
    this.prompt = this.promptOf(this.sizes, changed !== null && changed.uniqueSeed !== null)
    this.traffic = trafficOf(surge?.step ?? null, changed?.traffic ?? NO_STEPS)
    this.iteration++
    client.ask(this)
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
    const prompt = answered === null ? prompts.first(key, sizes) : prompts.next(before, answered, sizes.own)
    return isUnique ? prompts.alone(prompt, nonce()) : prompt
  }
}

/** A user of a closed loop, who begins now: one chat after the other. */
export const startClosedLoopUser = (context: LoadContext, vu: number): VirtualUser => {
  const key = { vu, chat: -1 }
  const next = (from: number): void => {
    key.chat++
    user.begin(key, from, null)
  }
  const user = new VirtualUser(context, vu, next)
  next(context.clock.now())
  return user
}

// --- Internal helpers ---

const NO_STEPS: string[] = []
/** Before the first turn. */
const NO_SIZES: Sizes = { think: 0, own: 0, whole: null, maxTokens: 0, prefix: null, cancel: null }
const NO_TOKENS: Tokens = { length: 0, at: () => undefined }

/** Of most requests null: nothing is made for them. */
const trafficOf = (surge: string | null, pressing: readonly string[]): string | null => {
  if (surge === null && pressing.length === 0) return null
  return (surge === null ? pressing : [surge, ...pressing]).join(',')
}
