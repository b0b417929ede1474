import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import type { Context } from './context.ts'
import { ROOT } from './root.ts'
import { renderTable } from './table.ts'

/** One line per thing that ships, from the files themselves. */
export const list = async ({ out }: Context, what: string): Promise<ExitCode> => {
  const rows = LISTS[what]
  if (rows === undefined) {
    throw new UserError({
      code: 'list-unknown',
      message: `expected one of ${Object.keys(LISTS).join(', ')}, found "${what}"`,
      hint: 'for example `firedrill list faults`',
    })
  }
  out(renderTable(await rows()))
  return EXIT.pass
}

// --- Internal helpers ---

const faults = async (): Promise<string[][]> => {
  const { faults: registry } = await import('../../chaos/faults/registry.gen.ts')
  return [
    ['FAULT', 'MOVES', 'NEEDS', 'SUMMARY'],
    ...Object.values(registry).map(({ name, moves, needs, summary }) => [
      name,
      moves.join(','),
      needs.join(','),
      summary,
    ]),
  ]
}

const scenarios = async (): Promise<string[][]> => {
  const folder = join(ROOT, 'scenarios')
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort()
  const { Scenario } = await import('../core/scenario.ts')
  const { loadPlan, shortLoad } = await import('../core/load.ts')
  const { describeWhen } = await import('../core/describe-when.ts')
  const rows = files.map(async (file) => {
    const module: { default?: unknown } = await import(join(folder, file))
    const { summary, timeline, load } = Scenario.parse(module.default)
    return [
      `scenarios/${file}`,
      shortLoad(loadPlan(load)),
      Object.values(timeline)
        .map(({ fault, when }) => (when.kind === 'when' ? `${fault} (${describeWhen(when)})` : fault))
        .join(','),
      summary,
    ]
  })
  return [['SCENARIO', 'LOAD', 'FAULTS', 'SUMMARY'], ...(await Promise.all(rows))]
}

const RuleFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          for: z.string().default('0s'),
          expr: z.string(),
          labels: z.record(z.string(), z.string()).default({}),
        }),
      ),
    }),
  ),
})

const rules = async (): Promise<string[][]> => {
  const { shippedRules } = await import('../../chaos/rules/load.ts')
  const files = Object.values(await shippedRules(1)).map((text) => RuleFile.parse(parse(text)))
  const rows = files.flatMap(({ groups }) =>
    groups.flatMap((group) =>
      group.rules.map(({ alert, for: wait, expr, labels }) => {
        const oneLine = expr.replaceAll(/\s+/g, ' ').trim()
        return [alert, labels['symptom'] ?? '-', labels['severity'] ?? '-', wait, oneLine]
      }),
    ),
  )
  return [['ALERT', 'SYMPTOM', 'SEVERITY', 'FOR', 'EXPR'], ...rows]
}

const LISTS: Record<string, () => Promise<string[][]>> = { faults, scenarios, rules }
