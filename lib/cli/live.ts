import type { Event } from '../core/event.ts'
import { formatDuration } from '../core/duration.ts'
import type { LoadRun } from '../k6/runner.ts'
import type { LoadProgress } from '../k6/script-event.ts'
import type { Prepared } from '../run/prepare.ts'
import type { Context } from './context.ts'
import { describeEvent, type EventLine, stepOf } from './describe-event.ts'

const EVERY_MS = 2_000

/** What a person sees while the drill goes: a line per event, and on a terminal the state of things below it. */
export interface Live {
  onEvent(event: Event): void
  onLoad(load: LoadRun): void
  stop(): void
}

export const watchLive = (context: Context, { connections: { prometheus }, scenario }: Prepared): Live => {
  const width = Math.max('controller'.length, ...Object.keys(scenario.timeline).map(({ length }) => length))
  /** Fault → step. */
  const steps = new Map<string, string>()
  /** The newest line of each. */
  const last = new Map<string, string>()
  const start = performance.now()
  const clock = (): string => formatDuration(Math.floor((performance.now() - start) / 1_000) * 1_000).padStart(6)
  let load: LoadRun | null = null
  let firing: string[] = []
  let asking = false
  let answering = true
  const draw = async (): Promise<void> => {
    if (asking) return
    asking = true
    const alerts = await prometheus.alerts().catch(() => null)
    asking = false
    const now = alerts?.filter(({ state }) => state === 'firing').map(({ labels }) => labels['alertname'] ?? '')
    if ((alerts !== null) !== answering) {
      answering = alerts !== null
      tell({
        who: 'prometheus',
        text: answering ? 'answers again' : 'does not answer: nobody knows what the alerts do',
      })
    }
    if (now !== undefined) tellAlerts([...new Set(now)].sort())
    const progress = load?.progress() ?? null
    if (progress === null || !context.isTerminal) return
    const { started, finished, failed } = progress
    const alarm = firing.length === 0 ? 'all alerts quiet' : `firing: ${firing.join(', ')}`
    const line = `${clock()}  ${offered(progress)} · ${started - finished} in flight · ${failed} failed · ${alarm}`
    // A status that wraps cannot be redrawn in place.
    context.status(line.length < context.columns ? line : `${line.slice(0, context.columns - 2)}…`)
  }
  const tell = ({ who, text }: EventLine): void => context.err(`${clock()}  ${who.padEnd(width)}  ${text}\n`)
  const tellAlerts = (now: string[]): void => {
    for (const alert of now) if (!firing.includes(alert)) tell({ who: 'alert', text: `${alert} firing` })
    for (const alert of firing) if (!now.includes(alert)) tell({ who: 'alert', text: `${alert} resolved` })
    firing = now
  }
  const timer = setInterval(() => void draw(), EVERY_MS)
  return {
    onEvent: (event) => {
      const created = stepOf(event)
      if (created !== null) steps.set(created.fault, created.step)
      const line = describeEvent(event, steps)
      // A hundred users may meet the same error at once.
      if (line === null || last.get(line.who) === line.text) return
      last.set(line.who, line.text)
      tell(line)
    },
    onLoad: (started) => (load = started),
    stop: () => {
      clearInterval(timer)
      context.status('')
    },
  }
}

// --- Internal helpers ---

const offered = ({ users, schedule }: LoadProgress): string =>
  schedule === null
    ? `${users} users`
    : `${schedule.claimed} of ${schedule.due} due requests sent, lag p99 ${Math.round(schedule.lagP99)} ms`
