import { describeScale } from '../../../lib/core/scale.ts'
import type { Offered, Verdict } from '../../../lib/core/verdict.ts'
import type { RunData } from '../../read/run-data.ts'
import { share } from '../../score/load-text.ts'
import { html, type Markup } from '../html.ts'
import { clock, mark, number, utc } from './words.ts'

const WORDS = {
  pass: 'Passed',
  fail: 'Failed',
  unknown: 'Unknown',
} as const

const MEANING = {
  pass: 'The right alerts fired, in time, and no others.',
  fail: 'An alert that had to fire did not, or one fired that should not have.',
  unknown: 'Something that a verdict needs is missing or was disturbed. Unknown is not a pass.',
} as const

/** What a reader wants first: the outcome, and the scenario's questions with their answers. */
export const header = ({ run, scenario, plan }: RunData, verdict: Verdict): Markup => html`
  <header>
    <p class="kicker">
      firedrill ·
      ${verdict.scenario}${kind(verdict)}${verdict.scale === null ? null : html` <span class="tag">scaled: ${describeScale(verdict.scale)}</span>`}
    </p>
    <h1 class="${verdict.outcome}">${mark(verdict.outcome)} ${WORDS[verdict.outcome]}</h1>
    <p class="lead">${MEANING[verdict.outcome]}</p>
    <p class="facts">
      ${run === null ? null : html`<span>${utc(run.startedAt)}</span>`}
      ${run === null || run.endedAt === null ? null : html`<span>${clock(run.endedAt - run.startedAt)} min</span>`}
      ${verdict.load.offered === null ? null : html`<span>${offeredText(verdict.load.offered)}</span>`}
      ${verdict.load.goodput === null ? null : html`<span>goodput ${share(verdict.load.goodput)}</span>`}
      ${plan === null ? null : html`<span>${plan.target.replicas} × ${plan.target.model}</span>`}
      ${scenario === null ? null : html`<span>${scenario.summary}</span>`}
    </p>
    ${doubts(verdict).map((reason) => html`<p class="doubt unknown">${mark('unknown')} ${reason}</p>`)}
    <ul class="answers">
      ${verdict.answers.map(
        ({ question, outcome, reason }) =>
          html`<li class="${outcome}">
            ${mark(outcome)}
            <div><b>${question}</b><span>${reason}</span></div>
          </li>`,
      )}
      <li class="${verdict.load.delivered ? 'pass' : 'unknown'}">
        ${mark(verdict.load.delivered ? 'pass' : 'unknown')}
        <div><b>Was the load delivered?</b><span>${verdict.load.reason}</span></div>
      </li>
    </ul>
  </header>
`

// --- Internal helpers ---

const offeredText = (offered: Offered): string =>
  offered.kind === 'users'
    ? `${number(offered.planned)} users`
    : `${number(offered.scheduled ?? offered.started)} scheduled requests`

/** Reasons that no answer below gives, and the load's own line neither. */
const doubts = ({ reasons, answers, load }: Verdict): string[] =>
  reasons.filter(
    (reason) => !answers.some(({ question }) => reason.startsWith(question)) && !reason.endsWith(load.reason),
  )

/** What nothing of the page may be taken for: measured on real hardware, or measured at all. */
const kind = ({ simulated, synthetic }: Verdict): Markup | null => {
  if (simulated) return html` <span class="tag">simulated</span>`
  return synthetic ? html` <span class="tag">synthetic</span>` : null
}
