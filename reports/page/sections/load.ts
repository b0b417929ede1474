import type { LoadDelivery } from '../../../lib/core/verdict.ts'
import { html, type Markup } from '../html.ts'
import { mark, number } from './words.ts'

/** What the users did and what they felt. */
export const load = (delivery: LoadDelivery): Markup => {
  const { ttft, tpot, inFlight } = delivery
  const state = delivery.delivered ? 'pass' : 'unknown'
  return html`
    <section aria-labelledby="load-title">
      <h2 id="load-title">Load</h2>
      <p>${mark(state)} ${delivery.reason}.</p>
      <div class="cards">
        <dl>
          ${fact('Users planned', number(delivery.plannedUsers))}
          ${fact('held, by k6’s gauge', orDash(delivery.gaugeUsers))}
          ${fact('held, by the records', orDash(delivery.recordedUsers))}
          ${fact('Dropped iterations', orDash(delivery.droppedIterations))}
        </dl>
        <dl>
          ${fact('Requests', number(delivery.requests))}
          ${fact('failed', `${number(delivery.failedRequests)} (${share(delivery.failedRequests, delivery.requests)})`)}
          ${fact('In flight, median', orDash(inFlight?.p50 ?? null))} ${fact('most', orDash(inFlight?.max ?? null))}
        </dl>
        <table>
          <thead>
            <tr>
              <th scope="col"></th>
              <th scope="col">p50</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
            </tr>
          </thead>
          <tbody>
            ${percentileRow('TTFT', ttft)}${percentileRow('TPOT', tpot)}
          </tbody>
        </table>
      </div>
    </section>
  `
}

// --- Internal helpers ---

const fact = (name: string, value: string): Markup =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

const orDash = (value: number | null): string => (value === null ? '–' : number(value))

const share = (part: number, whole: number): string => (whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(2)} %`)

const percentileRow = (name: string, values: LoadDelivery['ttft']): Markup => {
  const shown = [values?.p50, values?.p95, values?.p99].map((ms) => (ms === undefined ? '–' : `${number(ms)} ms`))
  return html`<tr>
    <th scope="row">${name}</th>
    ${shown.map((text) => html`<td class="num">${text}</td>`)}
  </tr>`
}
