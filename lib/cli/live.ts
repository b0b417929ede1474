import type { Event } from '../core/event.ts'
import { formatDuration } from '../core/duration.ts'
import type { LoadRun } from '../k6/runner.ts'
import type { Prepared } from '../run/prepare.ts'
import type { Context } from './context.ts'

const EVERY_MS = 2_000

/** What a person sees while the drill goes: a line per event, and on a terminal the state of things below it. */
export interface Live {
  onEvent(event: Event): void
  onLoad(load: LoadRun): void
  stop(): void
}

export const watchLive = (context: Context, { connections: { prometheus } }: Prepared): Live => {
  const start = performance.now()
  const clock = (): string => formatDuration(Math.floor((performance.now() - start) / 1_000) * 1_000).padStart(6)
  let load: LoadRun | null = null
  let firing: string[] = []
  let asking = false
  const draw = async (): Promise<void> => {
    if (asking) return
    asking = true
    const alerts = await prometheus.alerts().catch(() => null)
    asking = false
    const now = alerts?.filter(({ state }) => state === 'firing').map(({ labels }) => labels['alertname'] ?? '')
    if (now !== undefined) tellAlerts([...new Set(now)].sort())
    const progress = load?.progress() ?? null
    if (progress === null || !context.isTerminal) return
    const { users, started, finished, failed } = progress
    const alarm = firing.length === 0 ? 'all alerts quiet' : `firing: ${firing.join(', ')}`
    context.status(`${clock()}  ${users} users · ${started - finished} in flight · ${failed} failed · ${alarm}`)
  }
  const tellAlerts = (now: string[]): void => {
    for (const alert of now) if (!firing.includes(alert)) context.err(`${clock()}  alert     ${alert} firing\n`)
    for (const alert of firing) if (!now.includes(alert)) context.err(`${clock()}  alert     ${alert} resolved\n`)
    firing = now
  }
  const timer = setInterval(() => void draw(), EVERY_MS)
  return {
    onEvent: (event) => {
      if (event.phase === 'invoke') return
      context.err(`${clock()}  ${event.actor.padEnd(9)} ${describe(event)}\n`)
    },
    onLoad: (started) => (load = started),
    stop: () => {
      clearInterval(timer)
      context.status('')
    },
  }
}

// --- Internal helpers ---

const MAX_VALUE = 140

const describe = ({ phase, what, value }: Event): string => {
  const text = value === undefined ? '' : JSON.stringify(value)
  const short = text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text
  return [what, phase === 'info' ? '' : phase, short].filter((part) => part !== '').join(' ')
}
