import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { errorMessage, UserError } from '../core/errors.ts'
import type { AnyFault } from '../core/fault.ts'
import { Scenario } from '../core/scenario.ts'
import { Workload } from '../core/workload.ts'

export interface Loaded {
  scenario: Scenario
  workload: Workload
}

export interface Catalogue {
  faults: Record<string, AnyFault>
  /** Folder of workload files. */
  workloads: string
}

/** Reads a scenario from TypeScript or YAML and checks all of it; every problem is reported at once, with its path. */
export const loadScenario = async (path: string, { faults, workloads }: Catalogue): Promise<Loaded> => {
  const parsed = Scenario.safeParse(await readData(path))
  if (!parsed.success) throw invalid(path, z.prettifyError(parsed.error))
  const scenario = parsed.data
  const problems = Object.entries(scenario.timeline).flatMap(([name, step]) => {
    const fault = faults[step.fault]
    if (fault === undefined) {
      return [
        `✖ expected one of the faults ${Object.keys(faults).join(', ')}, found "${step.fault}"\n  → at timeline.${name}.fault`,
      ]
    }
    const params = fault.params.safeParse(step.params)
    return params.success ? [] : [`${z.prettifyError(params.error)}\n  → in timeline.${name}.params of ${step.fault}`]
  })
  const workload = await loadWorkload(workloads, scenario.load.workload)
  if (workload === null) {
    const names = await workloadNames(workloads)
    problems.push(
      `✖ expected one of the workloads ${names.join(', ')}, found "${scenario.load.workload}"\n  → at load.workload`,
    )
  }
  if (problems.length > 0 || workload === null) throw invalid(path, problems.join('\n'))
  return { scenario, workload }
}

// --- Internal helpers ---

const invalid = (path: string, problems: string): UserError =>
  new UserError({
    code: 'scenario-invalid',
    message: `expected a scenario in ${path}, found:\n${problems}`,
    hint: 'docs/scenario.schema.json has every key; `firedrill list faults` shows their parameters',
  })

const readData = async (path: string): Promise<unknown> => {
  const file = resolve(path)
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) {
    throw new UserError({
      code: 'scenario-not-found',
      message: `expected a scenario file at ${path}, found none`,
      hint: 'name a .ts, .yaml or .json file; `firedrill list scenarios` shows those that ship',
    })
  }
  try {
    if (extname(file) !== '.ts') return parseYaml(await readFile(file, 'utf8'))
    const module: { default?: unknown } = await import(pathToFileURL(file).href)
    return module.default
  } catch (error) {
    throw invalid(path, `✖ the file cannot be read: ${errorMessage(error)}`)
  }
}

const workloadNames = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.ts')).map((name) => basename(name, '.ts'))

const loadWorkload = async (folder: string, name: string): Promise<Workload | null> => {
  if (!(await workloadNames(folder)).includes(name)) return null
  const module: { default?: unknown } = await import(pathToFileURL(join(folder, `${name}.ts`)).href)
  return Workload.parse(module.default)
}
