import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import type { Context } from './context.ts'
import { ROOT } from './root.ts'
import { renderTable } from './table.ts'
import type { TargetFlags } from './target.ts'

export interface ListFlags extends TargetFlags {
  /** Of faults: which work on this target. */
  target?: boolean
}

/** One line per thing that ships, from the files themselves. */
export const list = async (context: Context, what: string, flags: ListFlags): Promise<ExitCode> => {
  const rows = LISTS[what]
  if (rows === undefined) {
    throw new UserError({
      code: 'list-unknown',
      message: `expected one of ${Object.keys(LISTS).join(', ')}, found "${what}"`,
      hint: 'for example `firedrill list faults`',
    })
  }
  context.out(renderTable(await rows(context, flags)))
  return EXIT.pass
}

// --- Internal helpers ---

const faults: Lister = async (context, { target, ...flags }) => {
  const { faultRows, targetRows } = await import('./list-faults.ts')
  return target === true ? targetRows(context, flags) : faultRows()
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

type Lister = (context: Context, flags: ListFlags) => Promise<string[][]>

const LISTS: Record<string, Lister> = { faults, scenarios, rules }
