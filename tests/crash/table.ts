import { renderTable } from '../../lib/cli/table.ts'
import type { Outcome } from './kill-point.ts'
import type { KillPoint } from './points.ts'

export interface Row {
  fault: string
  point: KillPoint
  outcome: Outcome
  ms: number
}

export interface DeathRow {
  death: string
  fault: string
  problems: readonly string[]
  /** That nothing is wrong says nothing: such a fault does nothing that this death could leave. */
  nothingToUndo: boolean
  ms: number
}

const HEAD = ['FAULT', 'CRASH POINT', 'AT', 'OUTCOME', 'TIME'] as const

export const pointTable = (rows: readonly Row[]): string =>
  renderTable([
    [...HEAD],
    ...rows.map(({ fault, point, outcome, ms }) => [
      fault,
      `${point.index + 1} ${point.when}`,
      point.boundary,
      shown(outcome),
      seconds(ms),
    ]),
  ]) +
  rows
    .flatMap(({ fault, point, outcome }) => (outcome.result === 'left' ? [details(fault, point, outcome.left)] : []))
    .join('')

export const deathTable = (rows: readonly DeathRow[]): string =>
  renderTable([
    ['DEATH', 'FAULT', 'OUTCOME', 'TIME'],
    ...rows
      .toSorted((a, b) => compare(a.death, b.death) || compare(a.fault, b.fault))
      .map(({ death, fault, problems, nothingToUndo, ms }) => [
        death,
        fault,
        problems.length > 0 ? `WRONG ${problems.length}` : nothingToUndo ? 'nothing to undo' : 'nothing left',
        seconds(ms),
      ]),
  ]) +
  rows
    .flatMap(({ death, fault, problems }) =>
      problems.length === 0 ? [] : [lines(`${death}, with ${fault} in force:`, problems)],
    )
    .join('')

// --- Internal helpers ---

const shown = (outcome: Outcome): string => {
  if (outcome.result === 'left') return `LEFT ${outcome.left.length}`
  return outcome.result === 'not reached' ? 'NOT REACHED' : outcome.result
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const lines = (title: string, texts: readonly string[]): string =>
  ['', title, ...texts.map((text) => `  ${text}`), ''].join('\n')

const details = (fault: string, { index, when, boundary, healer }: KillPoint, left: readonly string[]): string =>
  lines(`left by ${fault}, killed ${when} ${index + 1} (${boundary}), ended by ${healer}:`, left)
