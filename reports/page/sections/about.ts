import { describeScale } from '../../../lib/core/scale.ts'
import type { Verdict } from '../../../lib/core/verdict.ts'
import type { RunData } from '../../read/run-data.ts'
import { html, type Markup } from '../html.ts'
import { utc } from './words.ts'

/** What could not be judged and why; how the run was made, so that it can be made again. */
export const about = ({ run, plan, problems, id }: RunData, verdict: Verdict): Markup => {
  const doubts = [
    ...problems.map(({ file, kind, reason }) => `${file} is ${kind}: ${reason}`),
    ...(plan?.warnings ?? []),
  ]
  return html`
    <section aria-labelledby="about-title">
      <h2 id="about-title">Evidence and doubts</h2>
      ${
        verdict.reasons.length === 0
          ? null
          : html`<h3>Why the run did not pass</h3>
              <ul>
                ${verdict.reasons.map(item)}
              </ul>`
      }
      ${
        verdict.unchecked.length === 0
          ? null
          : html`<h3>What could not be checked</h3>
              <ul>
                ${verdict.unchecked.map(item)}
              </ul>`
      }
      ${
        doubts.length === 0
          ? html`<p>Every part of the run folder is there and whole.</p>`
          : html`<h3>Missing, torn or odd</h3>
              <ul>
                ${doubts.map(item)}
              </ul>`
      }
      <h2>About this run</h2>
      <dl class="about">
        ${row('Run', id)}
        ${
          run === null
            ? null
            : [
                row('Started', utc(run.startedAt)),
                row('Ending', run.endingReason === null ? run.ending : `${run.ending}: ${run.endingReason}`),
                row('Seed', String(run.seed)),
                row('Arguments', run.argv.join(' ')),
                row('Git', run.git === null ? '–' : `${run.git.commit}${run.git.dirty ? ', with changes' : ''}`),
                row(
                  'Versions',
                  Object.entries(run.versions)
                    .map((pair) => pair.join(' '))
                    .join(', '),
                ),
                row('Scaled', run.scale === null ? 'no' : `${describeScale(run.scale)}; no threshold of a rule is`),
                row('Simulated', run.simulated ? 'all of it: nothing ran, and no time passed' : 'no'),
                row('Emulated', run.synthetic.length === 0 ? 'nothing' : run.synthetic.join(', ')),
              ]
        }
        ${
          plan === null
            ? null
            : [
                row('Target', `${plan.target.selector} in ${plan.target.namespace}, ${plan.target.url}`),
                row('Engine', plan.target.engineVersion ?? 'unknown'),
                row(
                  'Prometheus',
                  `${plan.target.prometheus}, scrape ${plan.timing.scrapeIntervalMs / 1_000} s, evaluation ${plan.timing.evaluationIntervalMs / 1_000} s`,
                ),
                row('Rules in force', String(plan.rules.length)),
              ]
        }
      </dl>
    </section>
  `
}

// --- Internal helpers ---

const item = (text: string): Markup => html`<li>${text}</li>`
const row = (name: string, value: string): Markup =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
