import { sleep } from 'k6'
import exec from 'k6/execution'
import { Gauge } from 'k6/metrics'
import type { Options, Scenario } from 'k6/options'
import { Arrivals, Client, type Extra, nextExtra, nextUser, pressure, type RequestParams, stats } from 'k6/x/llm'
import { isSpent, type Pressure } from './pressure.ts'
import type { Corpus } from './prompt/corpus.ts'
import { fitCorpus } from './prompt/fit.ts'
import type { ScriptData, ScriptLoad } from './script-data.ts'
import { playTimeline } from './script-faults.ts'
import { target } from './script-target.ts'
import { messageOf, tell } from './script-tell.ts'
import { surgeSeed } from './surge.ts'
import { untilNext } from './timeline.ts'
import {
  carryOn,
  drawSizes,
  type History,
  type Load,
  makeTurn,
  requestBody,
  type TraceRow,
  type Turn,
  type TurnKey,
} from './turn.ts'

/**
 * The script that k6 runs. `user` is one request of a closed-loop user, `arrival` one of the schedule; `faults` applies the
 * timeline on the same clock: k6 starts both at once. `surge` is what its traffic faults ask for beyond the load. The bundler puts the scenario's data in; the target comes from the
 * environment. Each virtual user has a copy of all this and its own variables.
 */
declare const FIREDRILL_DATA: ScriptData

const data: ScriptData = FIREDRILL_DATA

const TICK_MS = 500
const PROGRESS_MS = 1_000
/** Once the schedule is over its users wait for the end; never in a busy loop. */
const LEAST_IDLE_S = 0.2
/** For one answer of /tokenize, and for all: within the minute that k6 gives to setup(). */
const TOKENIZE_MS = 10_000
const FIT_MS = 40_000

const loadScenario = (load: ScriptLoad): Scenario =>
  load.kind === 'users'
    ? {
        executor: 'ramping-vus',
        exec: 'user',
        startVUs: 0,
        stages: load.stages.map(({ to, over }) => ({ target: to, duration: `${over}ms` })),
        gracefulStop: '2s',
        gracefulRampDown: '2s',
      }
    : {
        executor: 'constant-vus',
        exec: 'arrival',
        vus: load.maxInFlight,
        duration: `${data.durationMs}ms`,
        gracefulStop: '2s',
      }

/** Idle but for a surge; none where the timeline has none. */
const surgeScenario = (vus: number): Record<string, Scenario> =>
  vus === 0
    ? {}
    : {
        surge: { executor: 'constant-vus', exec: 'surge', vus, duration: `${data.durationMs}ms`, gracefulStop: '2s' },
      }

export const options: Options = {
  scenarios: {
    load: loadScenario(data.load),
    ...surgeScenario(data.extraUsers),
    faults: {
      executor: 'per-vu-iterations',
      exec: 'faults',
      vus: 1,
      iterations: 1,
      maxDuration: `${data.durationMs + 5_000}ms`,
      gracefulStop: '1s',
    },
  },
  // Few tags: each combination is a series of its own in Prometheus.
  systemTags: ['scenario', 'status'],
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(95)', 'p(99)', 'count'],
}

const client = new Client({
  url: target.url,
  headers: target.headers,
  timeout: data.workload.requestTimeout,
  ...(data.slo === null ? {} : { slo: data.slo }),
  spool: target.spool,
})
const tokenizer = new Client({ url: target.url, headers: target.headers, timeout: TOKENIZE_MS })
const schedule = data.load.kind === 'arrivals' ? new Arrivals(data.load.schedule) : null
const inFlight = new Gauge('llm_in_flight')

/** Before the load, once: prompts are made to fit the server's tokenizer. */
export const setup = (): Corpus => {
  const until = Date.now() + FIT_MS
  const corpus = fitCorpus(data.workload, (input) => {
    if (Date.now() > until) throw new Error(`it takes longer than ${FIT_MS / 1_000} s`)
    return tokenizer.tokenize({ model: target.model, ...input })
  })
  tell({ event: 'prompts', at: Date.now(), exact: corpus.exact, note: corpus.note })
  return corpus
}

/** The chat that this virtual user is in the middle of. */
let history: History | null = null
let key: TurnKey | null = null
let chats = 0
/** Of a closed loop's users. Not k6's id: the timeline's virtual user has any one of those. */
let number: number | null = null

export const user = (corpus: Corpus): void => {
  if (history === null || key === null) key = { vu: (number ??= nextUser()), chat: chats++ }
  const load = { ...data, corpus }
  history = askIfAny(load, thoughtOver(load, key, history), {})
}

export const arrival = (corpus: Corpus): void => {
  const load = { ...data, corpus }
  if (history !== null && key !== null) {
    // The schedule has begun this chat; its user goes on with it.
    history = askIfAny(load, thoughtOver(load, key, history), {})
    return
  }
  const due = schedule?.next() ?? null
  if (due === null) {
    sleep(Math.max(LEAST_IDLE_S, (exec.scenario.startTime + data.durationMs - Date.now()) / 1_000))
    return
  }
  key = { arrival: due.index }
  history = askIfAny(load, thoughtOver(load, key, null, due), { arrival: due })
}

/** What this virtual user does beyond the load, and since which chat of it. */
let extra: Extra | null = null

export const surge = (corpus: Corpus): void => {
  if (extra !== null && ((history === null && extra.intended !== null) || !isPressed(extra.surge))) {
    extra = null
    history = null
  }
  const begun = extra === null ? (extra = nextExtra(exec.scenario.startTime + data.durationMs)) : null
  if (extra === null) return sleep(LEAST_IDLE_S)
  if (history === null || key === null) {
    if (begun !== null) chats = 0
    key = extra.intended === null ? { vu: extra.index, chat: chats++ } : { arrival: extra.index }
  }
  const load = { ...data, corpus, seed: surgeSeed(data.seed, extra.surge) }
  const turn = thoughtOver(load, key, history)
  // It may have ended while they thought: who was to come with it does not.
  if (turn === null || !isPressed(extra.surge)) {
    history = null
    return
  }
  const wanted = begun?.intended ?? null
  history = ask(load, turn, {
    traffic: [extra.surge, ...turn.traffic].join(','),
    extra: true,
    ...(wanted === null ? {} : { arrival: { index: extra.index, intended: wanted } }),
  })
}

export const faults = (): void => {
  const startedAt = exec.scenario.startTime
  const endsAt = startedAt + data.durationMs
  tell({ event: 'load-started', at: startedAt })
  const timeline = playTimeline(data, startedAt)
  let finished = false
  let progressAt = 0
  while (Date.now() < endsAt) {
    timeline.step()
    if (!finished && timeline.isFinished()) {
      finished = true
      tell({ event: 'timeline-finished', at: Date.now(), refused: timeline.refused })
    }
    if (Date.now() >= progressAt) {
      progressAt = Date.now() + PROGRESS_MS
      report()
    }
    sleep(untilNext([...timeline.dues(), endsAt], Date.now(), TICK_MS) / 1_000)
  }
  if (schedule !== null) tell({ event: 'schedule-over', ...counted(schedule) })
}

export const handleSummary = (summary: unknown): Record<string, string> => ({
  [target.summary]: JSON.stringify(summary, null, 2),
})

// --- Internal helpers ---

let pressureText = ''
let pressures: Pressure[] = []

/** What presses on the load now, as the timeline's virtual user said it. */
const pressuresNow = (): Pressure[] => {
  const text = pressure()
  if (text !== pressureText) pressures = text === '' ? [] : (JSON.parse(text) as Pressure[]) // written by script-traffic.ts
  pressureText = text
  return pressures
}

const isPressed = (step: string): boolean => pressuresNow().some((one) => one.step === step)

/** The key's next turn, once its user has thought: as it is to be by then; null where the chat ends with what pressed on it. */
const thoughtOver = (load: Load, of: TurnKey, before: History | null, row: TraceRow | null = null): Turn | null => {
  const sizes = drawSizes(load, of, before?.index ?? 0, row)
  sleep(sizes.think / 1_000)
  const now = pressuresNow()
  return isSpent(before?.kept ?? [], now) ? null : makeTurn(load, of, before, sizes, now)
}

const askIfAny = (load: Load, turn: Turn | null, params: RequestParams): History | null =>
  turn === null ? null : ask(load, turn, params)

/** Beyond the numbers of all users of the load, by which their requests go. */
const EXTRA_IDS = 1_000_000

/** Asks, and gives back what the chat carries to its next turn; null where it is over. */
const ask = (load: Load, turn: Turn, params: RequestParams): History | null => {
  const { idInTest, iterationInScenario } = exec.vu
  const body = requestBody(turn, target.model)
  const all: RequestParams = {
    ...params,
    id: `${target.requests}-${params.extra === true ? EXTRA_IDS + idInTest : (number ?? idInTest)}-${iterationInScenario}`,
    ...(turn.traffic.length > 0 && params.traffic === undefined ? { traffic: turn.traffic.join(',') } : {}),
    text: turn.wantsText,
    ...(turn.cancel === null ? {} : { cancel: turn.cancel }),
  }
  try {
    const { outcome, text } = data.workload.endpoint === 'chat' ? client.chat(body, all) : client.completions(body, all)
    // Who left, or got no answer, does not go on with the chat.
    return outcome === 'ok' ? carryOn(load, turn, text) : null
  } catch (error) {
    // Failed requests are records. This is a call that cannot work, or a full disk: every other would fail as well.
    tell({ event: 'error', at: Date.now(), message: messageOf(error) })
    exec.test.abort(messageOf(error))
    return null
  }
}

const report = (): void => {
  const { inFlight: now, ...counts } = stats()
  inFlight.add(now)
  tell({
    event: 'progress',
    at: Date.now(),
    // This VU is active too, and is no user; those who are kept ready are not yet.
    users: exec.instance.vusActive - 1 - data.extraUsers,
    ...counts,
    schedule: schedule === null ? null : counted(schedule),
  })
}

const counted = (arrivals: Arrivals) => {
  const { scheduled, due, claimed, lagP99 } = arrivals.stats()
  return { at: Date.now(), scheduled, due, claimed, lagP99 }
}
