import type { Verdict } from '../../../lib/core/verdict.ts'
import type { RunData } from '../../read/run-data.ts'
import { makeCharts, makeGrid, type Chart } from '../chart-data.ts'
import { html, jsonScript, type Markup } from '../html.ts'
import { alertRows, faultBands, spanOf, type AlertRow, type Band, type Bar, type Span } from '../timeline-data.ts'
import { className, clock } from './words.ts'

/** Faults, alerts and the target's numbers above one another on one time axis. */
export const timeline = (run: RunData, verdict: Verdict): Markup => {
  const span = spanOf(run)
  const bands = faultBands(run, span)
  const rows = alertRows(run, verdict, span)
  const grid = makeGrid(span.from, span.to, run.plan?.timing.scrapeIntervalMs ?? 2_000)
  const charts = makeCharts(run, grid)
  const data = {
    span: { from: 0, to: (span.to - span.from) / 1_000 },
    stepSeconds: grid.stepMs / 1_000,
    bands: bands.map((band) => bandSeconds(band, span)),
    charts,
  }
  return html`
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title">Timeline</h2>
      <p class="hint">
        Minutes and seconds from the start of the load. Drag across a chart to zoom, double-click to see all.
        <span class="key"><i class="key-band wait"></i>injected, not yet biting</span>
        <span class="key"><i class="key-band"></i>biting</span>
        <span class="key"><i class="key-band wait"></i>healed, not yet recovered</span>
        <span class="key"><i class="key-bar pending"></i>pending</span>
        <span class="key"><i class="key-bar"></i>firing</span>
        <span class="key"><i class="key-window"></i>when it had to fire</span>
      </p>
      <div class="timeline" id="timeline">
        <div class="track faults">
          <div class="label">Faults</div>
          <div class="lane">${bands.map((band) => bandMark(band, span))}</div>
        </div>
        ${rows.map((row) => alertTrack(row, span))}
        ${rows.length === 0 ? html`<p class="empty">No alert was pending or firing in this run.</p>` : null}
        ${charts.map(chartPanel)}
        ${charts.length === 0 ? html`<p class="empty">The run folder has no series and no request records.</p>` : null}
      </div>
      ${jsonScript('timeline-data', data)}
    </section>
  `
}

// --- Internal helpers ---

const seconds = (at: number, span: Span): number => Math.round(at - span.from) / 1_000

const bandSeconds = (band: Band, span: Span) => ({
  name: band.name,
  from: seconds(band.injected, span),
  bites: band.effective === null ? null : seconds(band.effective, span),
  healed: band.healed === null ? null : seconds(band.healed, span),
  to: seconds(band.to, span),
})

/** Placed here for readers without scripts; the script moves them when the reader zooms. */
const place = (from: number, to: number, span: Span): Markup => {
  const share = (at: number): number =>
    (100 * (Math.min(Math.max(at, span.from), span.to) - span.from)) / (span.to - span.from)
  const [left, width] = [share(from), share(to) - share(from)]
  return html`data-from="${seconds(from, span)}" data-to="${seconds(to, span)}"
  style="left:${left.toFixed(3)}%;width:${width.toFixed(3)}%"`
}

const bandMark = (band: Band, span: Span): Markup => {
  const at = clock(band.injected - span.from)
  const title = `${band.name}: ${band.fault}, injected at ${at}, over at ${clock(band.to - span.from)}`
  return html`<div
    class="band ${band.group ?? ''} ${band.draw}"
    ${place(band.injected, band.to, span)}
    title="${title}"
  >
    <b>${band.name}</b> ${band.fault}
  </div>`
}

const alertTrack = ({ alert, bars, expected }: AlertRow, span: Span): Markup => html`
  <div class="track">
    <div class="label" title="${alert}">${alert}</div>
    <div class="lane">
      ${expected.map(
        ({ from, to, class: verdict }) =>
          html`<div
            class="window ${verdict}"
            ${place(from, to, span)}
            title="${alert} had to fire from ${clock(from - span.from)} to ${clock(to - span.from)}: ${className(verdict)}"
          ></div>`,
      )}
      ${bars.map((bar) => html`<div class="bar ${bar.class ?? 'plain'} ${bar.firing ? 'firing' : 'pending'}" ${place(bar.from, bar.to, span)} title="${barTitle(alert, bar, span)}"></div>`)}
    </div>
  </div>
`

const barTitle = (alert: string, { from, to, firing, class: verdict }: Bar, span: Span): string => {
  const judged = verdict === null ? '' : `: ${className(verdict)}`
  return `${alert} ${firing ? 'firing' : 'pending'} from ${clock(from - span.from)} to ${clock(to - span.from)}${judged}`
}

const chartPanel = ({ id, title, note, lines }: Chart): Markup => html`
  <div class="track chart" data-chart="${id}">
    <div class="label">
      <h3>${title}</h3>
      <p>${note}</p>
      <ul>
        ${lines.map(({ name }, index) => html`<li data-line="${index}" title="${name}"><i></i><span>${shorten(name)}</span><output></output></li>`)}
      </ul>
    </div>
    <div class="lane plot" role="img" aria-label="${title}: ${note}, over the time of the run"></div>
  </div>
`

/** The end of a pod's name tells it from its siblings. */
const shorten = (name: string): string => (name.length > 16 ? `…${name.slice(-14)}` : name)
