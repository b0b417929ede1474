import type { Outcome, VerdictClass } from '../../../lib/core/verdict.ts'
import { html, type Markup } from '../html.ts'

/** Shape and word say the outcome too: colour alone never does. */
const MARKS: Record<Outcome, string> = { pass: '✓', fail: '✗', unknown: '?' }

export const mark = (outcome: Outcome): Markup =>
  html`<span class="mark ${outcome}" role="img" aria-label="${outcome}">${MARKS[outcome]}</span>`

export const className = (verdict: VerdictClass): string => verdict.replaceAll('-', ' ')

/** `2:05`, `-0:30`: time on the clock of the load. */
export const clock = (ms: number): string => {
  const total = Math.round(Math.abs(ms) / 1_000)
  return `${ms < -499 ? '-' : ''}${Math.floor(total / 60)}:${String(total % 60).padStart(2, '0')}`
}

export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`

export const number = (value: number): string => Math.round(value).toLocaleString('en')
