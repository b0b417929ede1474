import type { Verdict } from '../../lib/core/verdict.ts'
import type { RunData } from '../read/run-data.ts'
import { html, raw } from './html.ts'
import { about } from './sections/about.ts'
import { faults } from './sections/faults.ts'
import { header } from './sections/header.ts'
import { load } from './sections/load.ts'
import { timeline } from './sections/timeline.ts'
import { verdicts } from './sections/verdicts.ts'

/** Text of the page's style and scripts, which are put into it: the report is one file and asks the network for nothing. */
export interface Assets {
  styles: readonly string[]
  scripts: readonly string[]
}

/** The whole report as one HTML document. */
export const renderReport = (run: RunData, verdict: Verdict, { styles, scripts }: Assets): string => {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
        />
        <meta name="color-scheme" content="light dark" />
        <title>${verdict.outcome}: ${verdict.scenario} – firedrill</title>
        ${styles.map(
          (style) =>
            html`<style>
              ${raw(style)}
            </style>`,
        )}
      </head>
      <body>
        <main>
          ${header(run, verdict)} ${timeline(run, verdict)} ${verdicts(verdict)} ${load(verdict.load)} ${faults(run)}
          ${about(run, verdict)}
        </main>
        ${scripts.map(
          (script) =>
            html`<script>
              ${raw(script)}
            </script>`,
        )}
      </body>
    </html> `
  return `${page.markup.trim()}\n`
}
