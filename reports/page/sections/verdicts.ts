import type { Verdict, VerdictLine } from '../../../lib/core/verdict.ts'
import { lineTimes } from '../../score/table.ts'
import { relative } from '../../score/words.ts'
import { html, type Markup } from '../html.ts'
import { className, mark } from './words.ts'

/** Every (fault × alert) with its class, times and reason; filtered by outcome, fault and name. */
export const verdicts = ({ lines }: Verdict): Markup => {
  const steps = [...new Set(lines.map(({ step }) => step ?? NONE))]
  const quiet = lines.filter((line) => line.class === 'quiet').length
  return html`
    <section aria-labelledby="verdicts-title">
      <h2 id="verdicts-title">Alerts by fault</h2>
      <form class="filters" id="filters">
        <label
          >Show
          <select name="outcome">
            <option value="notable">all but quiet (${lines.length - quiet})</option>
            <option value="all">all (${lines.length})</option>
            <option value="fail">failed (${count(lines, 'fail')})</option>
            <option value="unknown">unknown (${count(lines, 'unknown')})</option>
            <option value="pass">passed (${count(lines, 'pass')})</option>
          </select>
        </label>
        <label
          >Fault
          <select name="step">
            <option value="">every one</option>
            ${steps.map((step) => html`<option>${step}</option>`)}
          </select>
        </label>
        <label>Alert <input name="alert" type="search" placeholder="part of its name" /></label>
        <output name="shown"></output>
      </form>
      <div class="scroll">
        <table id="verdicts">
          <thead>
            <tr>
              <th scope="col">Fault</th>
              <th scope="col">Alert</th>
              <th scope="col">Symptom</th>
              <th scope="col">Verdict</th>
              <th scope="col">Expected</th>
              <th scope="col">Fired</th>
              <th scope="col">Told</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            ${lines.map(row)}
          </tbody>
        </table>
      </div>
      <p class="hint">Times count from the injection of the fault. “Told” is when Alertmanager’s webhook arrived.</p>
    </section>
  `
}

// --- Internal helpers ---

const NONE = 'no fault'

const count = (lines: readonly VerdictLine[], outcome: VerdictLine['outcome']): number =>
  lines.filter((line) => line.outcome === outcome).length

const row = (line: VerdictLine): Markup => {
  const { expected, seen } = lineTimes(line)
  const told = line.seen?.notifiedAt ?? null
  const after = told === null || line.injectedAt === null ? '' : relative(told, line.injectedAt)
  const evidence = line.evidence.map(({ file }) => file).join(', ')
  return html`
    <tr
      data-outcome="${line.outcome}"
      data-class="${line.class}"
      data-step="${line.step ?? NONE}"
      data-alert="${line.alert.toLowerCase()}"
    >
      <td>${line.step ?? html`<i>${NONE}</i>`}</td>
      <td class="name">${line.alert}</td>
      <td>${line.symptom ?? '–'}</td>
      <td class="verdict">${mark(line.outcome)} ${className(line.class)}</td>
      <td class="num">${expected}</td>
      <td class="num">${seen}</td>
      <td class="num">${after}</td>
      <td title="Evidence: ${evidence}">${line.reason}</td>
    </tr>
  `
}
