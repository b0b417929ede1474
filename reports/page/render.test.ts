import { describe, expect, test } from 'vitest'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { score } from '../score/score.ts'
import { buildDrill } from '../testing/drill-run.ts'
import { buildOpenRun, calibrationWith } from '../testing/build-open-run.ts'
import { at, buildRun, rule } from '../testing/build-run.ts'
import { makeCharts, makeGrid } from './chart-data.ts'
import { renderReport } from './render.ts'
import { readAssets } from './write-report.ts'

const DRILL = buildDrill()
const assets = await readAssets()
const page = renderReport(DRILL, score(DRILL), assets)

describe('the report', () => {
  test('asks the network for nothing', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe)[^>]*\s(src|href)=/)
    expect(page).not.toMatch(/@import|url\(/)
    expect(page).toContain("default-src 'none'")
  })

  test('shows the outcome, every question, every line and every chart', () => {
    const verdict = score(DRILL)
    expect(page).toContain('<title>unknown: synthetic')
    for (const { question } of verdict.answers) expect(page).toContain(question.replaceAll('"', '&#34;'))
    expect(page.match(/<tr\s+data-outcome/g)).toHaveLength(verdict.lines.length)
    expect([...page.matchAll(/data-chart="(\w+)"/g)].map(([, id]) => id)).toEqual([
      'users',
      'throughput',
      'kv',
      'queue',
      'ttft',
      'failed',
    ])
    expect(page.match(/class="band serving band"/g)).toHaveLength(3)
  })

  test("shows no time that is finer than the client's own error, and says where nobody knows it", () => {
    const run = buildOpenRun({ rate: 5, seconds: 60, slo: { ttft: '1s', tpot: '60ms' } })
    const text = (data: typeof run): string =>
      renderReport(data, score(data), { styles: [], scripts: [] }).replaceAll(/\s+/g, ' ')
    expect(text(run)).toContain('The client is not calibrated on this machine')
    const torn = { file: RUN_FILES.calibration, kind: 'torn' as const, reason: 'half a file' }
    expect(text({ ...run, problems: [torn] })).toContain('calibration is damaged')
    const said = { exact: true, note: 'token ids' }
    const told = { seq: 1, mono: 1, wall: 1, actor: 'k6', phase: 'info' as const, what: 'prompts', value: said }
    expect(text({ ...run, journal: [told] })).toContain('Prompt lengths were exact: token ids.')
    expect(text(run)).toMatch(/<dt>Goodput<\/dt> <dd>100 %<\/dd>/)
    expect(text(run)).toMatch(/<dt>sent<\/dt> <dd>300<\/dd>/)
    const coarse = text({ ...run, calibration: calibrationWith(28) })
    // Between tokens there are about 27 ms.
    expect(coarse).toMatch(/TPOT<\/th> <td class="num">below the client&#39;s error of 28 ms<\/td>/)
    expect(coarse).toMatch(/TTFT<\/th>( ?<td class="num">\d+0 ms<\/td>){3}/)
    const chart = makeCharts({ ...run, calibration: calibrationWith(28) }, makeGrid(at(0), at(60), 2_000))
    const values = chart.find(({ id }) => id === 'ttft')?.lines.flatMap((line) => line.values) ?? []
    expect(values.some((value) => value !== null)).toBe(true)
    for (const value of values) expect(Math.round((value ?? 0) * 1_000) % 50).toBe(0)
  })

  test('says what could not be read', () => {
    expect(page).toContain('prometheus/conditions.jsonl is missing')
    expect(page).toContain('What could not be checked')
    expect(page).toContain('whether every alert fired as its own condition asks')
  })

  test('lets nothing of a run become markup', () => {
    const evil = `</script><script>alert(1)</script>"'&`
    const run = buildRun({
      steps: [{ name: 'kill', injected: 80, recovered: 100, fault: evil, alerts: [['availability']] }],
      rules: [rule(evil, 'availability')],
      episodes: [{ alert: evil, pending: 82, fired: 86, resolved: 104 }],
    })
    const series = new Map([
      [
        'vllm:num_requests_waiting',
        [{ labels: { pod: evil }, samples: [[run.run?.loadStartedAt ?? 0, 1] as [number, number]] }],
      ],
    ])
    const text = renderReport({ ...run, id: evil, series }, score({ ...run, id: evil }), { styles: [], scripts: [] })
    expect(text).not.toContain('<script>alert')
    expect(text.match(/<\/script>/g)).toHaveLength(1)
  })

  test('of an empty run folder is a page all the same', () => {
    const nothing = {
      ...buildRun(),
      run: null,
      scenario: null,
      plan: null,
      faults: null,
      requests: null,
      alerts: null,
      rules: null,
      scrapes: null,
    }
    const text = renderReport({ ...nothing, series: new Map() }, score(nothing), assets)
    expect(text).toContain('No faults are on record')
    expect(text.replaceAll(/<(script|style)>.*?<\/\1>/gs, '')).not.toMatch(/NaN|undefined|Infinity/)
  })
})
