import { renderTable } from '../../lib/cli/table.ts'
import type { Outcome } from './kill-point.ts'
import type { KillPoint } from './points.ts'

export interface Row {
  fault: string
  point: KillPoint
  outcome: Outcome
  ms: number
}

export const HEAD = ['FAULT', 'CRASH POINT', 'AT', 'OUTCOME', 'TIME'] as const

export const pointTable = (rows: readonly Row[]): string =>
  renderTable([
    [...HEAD],
    ...rows.map(({ fault, point, outcome, ms }) => [
      fault,
      `${point.index + 1} ${point.when}`,
      point.what,
      outcome.result === 'left' ? `LEFT ${outcome.left.length}` : outcome.result,
      `${(ms / 1_000).toFixed(1)} s`,
    ]),
  ]) +
  rows
    .flatMap(({ fault, point, outcome }) => (outcome.result === 'left' ? [details(fault, point, outcome.left)] : []))
    .join('')

// --- Internal helpers ---

const details = (fault: string, { index, when, what, healer }: KillPoint, left: readonly string[]): string =>
  [
    `\nleft by ${fault}, killed ${when} ${index + 1} (${what}), ended by ${healer}:`,
    ...left.map((line) => `  ${line}`),
    '',
  ].join('\n')
