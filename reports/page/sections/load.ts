import { unreachable } from '../../../lib/core/errors.ts'
import type { Goodput, LoadDelivery, Offered, Percentiles } from '../../../lib/core/verdict.ts'
import { measured } from '../../read/precision.ts'
import { clientText, PHASES, promptsText, share, sloText } from '../../score/load-text.ts'
import { html, type Markup } from '../html.ts'
import { mark, number } from './words.ts'

/** What the users did and what they felt. */
export const load = (delivery: LoadDelivery): Markup => {
  const { inFlight, offered, goodput, outcomes, clientError } = delivery
  const prompts = promptsText(delivery)
  const state = delivery.delivered ? 'pass' : 'unknown'
  return html`
    <section aria-labelledby="load-title">
      <h2 id="load-title">Load</h2>
      <p>${mark(state)} ${delivery.reason}.</p>
      <div class="cards">
        ${offered === null ? null : html`<dl>${offeredFacts(offered)}</dl>`}
        <dl>
          ${fact('Requests', number(delivery.requests))}
          ${fact('failed', `${number(delivery.failedRequests)} (${part(delivery.failedRequests, delivery.requests)})`)}
          ${fact('In flight, median', orDash(inFlight?.p50 ?? null))} ${fact('most', orDash(inFlight?.max ?? null))}
        </dl>
        <dl>${Object.entries(outcomes).map(([outcome, count]) => fact(outcome, number(count)))}</dl>
        ${goodput === null ? null : goodputFacts(goodput)}
      </div>
      <div class="scroll">
        <table class="durations">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">p50</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
              <th scope="col">From … to …</th>
            </tr>
          </thead>
          <tbody>
            ${TIMES.map(({ key, error, name, what }) =>
              delivery[key] === null
                ? null
                : percentileRow(name, what, delivery[key], clientError === null ? null : clientError[error]),
            )}
          </tbody>
        </table>
      </div>
      <p class="hint">${clientText(delivery)}.</p>
      ${prompts === '' ? null : html`<p class="hint">${prompts}.</p>`}
    </section>
  `
}

// --- Internal helpers ---

type Time = 'firstEvent' | 'firstChoice' | 'ttft' | 'firstAnswer' | 'wait' | 'tpot' | 'gap' | 'e2e'

const TIMES: readonly { key: Time; error: 'ttft' | 'wait' | 'gap'; name: string; what: string }[] = [
  { key: 'ttft', error: 'ttft', name: 'TTFT', what: 'request written … first content, reasoning or tool call' },
  {
    key: 'wait',
    error: 'wait',
    name: 'TTFT as waited for',
    what: 'when the request was wanted … the same: dial and queue of the client are in it',
  },
  { key: 'firstEvent', error: 'ttft', name: 'First event', what: 'request written … first event with data' },
  { key: 'firstChoice', error: 'ttft', name: 'First choice', what: 'request written … first event with a choice' },
  { key: 'firstAnswer', error: 'ttft', name: 'First answer', what: 'request written … first content after reasoning' },
  { key: 'tpot', error: 'gap', name: 'TPOT', what: 'first … last content, by output token after the first' },
  { key: 'gap', error: 'gap', name: 'Gap', what: 'content … next content, every one of every request' },
  {
    key: 'e2e',
    error: 'wait',
    name: 'Whole answer',
    what: 'when the request was wanted … its end, where it ended well',
  },
]

const offeredFacts = (offered: Offered): Markup[] => {
  switch (offered.kind) {
    case 'users':
      return [
        fact('Users planned', number(offered.planned)),
        fact('held, by k6’s gauge', orDash(offered.gauge)),
        fact('held, by the records', orDash(offered.recorded)),
        fact('Dropped iterations', orDash(offered.droppedIterations)),
      ]
    case 'arrivals':
      return [
        fact('Requests scheduled', orDash(offered.scheduled)),
        fact('taken up', orDash(offered.claimed)),
        fact('sent', number(offered.started)),
        ...(offered.lag === null
          ? []
          : [
              fact('Sent late by, median', late(offered.lag.p50)),
              fact(`p99 (at most ${number(offered.maxLagMs)} ms)`, late(offered.lag.p99)),
              fact('most', late(offered.lag.max)),
            ]),
      ]
    default:
      return unreachable(offered)
  }
}

const goodputFacts = ({ slo, good, of, undecided, phases }: Goodput): Markup => html`
  <dl>
    ${fact('Goodput', `${share({ good, of })}`)} ${fact(sloText(slo), `${number(good)} of ${number(of)}`)}
    ${phases.length < 2 ? null : phases.map(({ phase, ...kept }) => fact(PHASES[phase], share(kept)))}
    ${
      undecided === 0
        ? null
        : fact(`at most: ${number(undecided)} were cut off by the end`, share({ good: good + undecided, of }))
    }
  </dl>
`

const fact = (name: string, value: string): Markup =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

const orDash = (value: number | null): string => (value === null ? '–' : number(value))

/** The schedule's own clock: a tenth of a millisecond is fine enough to see what it does. */
const late = (ms: number): string => (ms >= 10 ? `${number(ms)} ms` : `${ms.toFixed(1)} ms`)

const part = (some: number, whole: number): string => (whole === 0 ? '0 %' : `${((100 * some) / whole).toFixed(2)} %`)

const percentileRow = (
  name: string,
  what: string,
  { p50, p95, p99 }: NonNullable<Percentiles>,
  error: number | null,
): Markup =>
  html`<tr>
    <th scope="row">${name}</th>
    ${[p50, p95, p99].map((ms) => html`<td class="num">${measured(ms, error)}</td>`)}
    <td>${what}</td>
  </tr>`
