import { STEP_LABEL } from '../../../lib/core/fault-resource.ts'
import type { RunData } from '../../read/run-data.ts'
import { stepRecords, type StepRecord } from '../../score/steps.ts'
import { html, type Markup } from '../html.ts'
import { clock, mark } from './words.ts'

/** What was broken, when, and what shows that it bit: the ground truth that alerts are judged by. */
export const faults = (run: RunData): Markup => {
  const zero = run.run?.loadStartedAt ?? run.run?.startedAt ?? 0
  const steps = stepRecords(run)
  return html`
    <section aria-labelledby="faults-title">
      <h2 id="faults-title">Faults</h2>
      ${steps.length === 0 ? html`<p class="empty">No faults are on record.</p>` : null}
      <div class="cards">${steps.map((step) => card(step, run, zero))}</div>
    </section>
  `
}

// --- Internal helpers ---

const said = ({ control, bit }: StepRecord): string => {
  if (control) return bit === true ? 'A control, as it is meant to be' : 'A control without proof that it was one'
  return bit === true ? 'It bit' : 'No proof that it bit'
}

const card = (step: StepRecord, run: RunData, zero: number): Markup => {
  const facts = run.faults?.findLast(({ metadata }) => metadata.labels?.[STEP_LABEL] === step.name)?.status?.evidence
    ?.facts
  const outcome = step.bit === true ? 'pass' : 'unknown'
  const times = [
    ['injected', step.injected],
    ['biting', step.effective],
    ['healed', step.healed],
    ['recovered', step.recovered],
  ] as const
  return html`
    <article>
      <h3>${step.name} <small>${step.fault}</small></h3>
      <p>${mark(outcome)} ${said(step)}: ${step.why}.</p>
      <dl class="times">
        ${times.map(
          ([name, at]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${at === null ? '–' : clock(at - zero)}</dd>
            </div>`,
        )}
      </dl>
      ${
        facts === undefined || Object.keys(facts).length === 0
          ? null
          : html`<details>
              <summary>Evidence</summary>
              <pre>${JSON.stringify(facts, null, 2)}</pre>
            </details>`
      }
    </article>
  `
}
