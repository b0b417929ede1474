import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { errorMessage, UserError } from '../core/errors.ts'
import type { AnyFault } from '../core/fault.ts'
import type { Scale } from '../core/scale.ts'
import { PlayableScenario, type Scenario } from '../core/scenario.ts'
import { Workload } from '../core/workload.ts'
import { trafficProblems } from './extra-users.ts'
import { traceLength } from './trace/length.ts'

export interface Loaded {
  scenario: Scenario
  workload: Workload
  /** What both were multiplied by; left out where they are as they are written. */
  scale?: Scale
}

/** A replayed trace goes on for so long after its last arrival. */
const LAST_ANSWERS_MS = 5_000

export interface Catalogue {
  faults: Record<string, AnyFault>
  /** Folder of workload files. */
  workloads: string
}

/** Reads a scenario from TypeScript or YAML and checks all of it; every problem is reported at once, with its path. */
export const loadScenario = async (path: string, { faults, workloads }: Catalogue): Promise<Loaded> => {
  const data = await readData(path)
  const parsed = PlayableScenario.safeParse(data)
  // Names are checked as well where the form is wrong already: all problems are told at once.
  const named = Named.safeParse(data).data ?? { timeline: {}, load: {} }
  const known = await workloadNames(workloads)
  const problems = [
    ...(parsed.success ? [] : [z.prettifyError(parsed.error)]),
    ...Object.entries(named.timeline ?? {}).flatMap(([name, step]) => faultProblems(name, step, faults)),
    ...workloadProblems(named.load?.workload, known),
    ...(parsed.success ? trafficProblems(parsed.data, faults) : []),
  ]
  if (problems.length > 0 || !parsed.success) throw invalid(path, problems.join('\n'))
  const workload = await loadWorkload(workloads, parsed.data.load.workload)
  return { scenario: await settled(path, parsed.data, workload), workload }
}

// --- Internal helpers ---

/** What follows from other files is written into the scenario: the run folder then says it as well. */
const settled = async (path: string, scenario: Scenario, workload: Workload): Promise<Scenario> => {
  const { arrivals } = scenario.load
  const slo = scenario.load.slo ?? workload.slo
  const load = { ...scenario.load, ...(slo === undefined ? {} : { slo }) }
  if (arrivals?.process !== 'trace') return { ...scenario, load }
  const trace = resolve(dirname(path), arrivals.trace)
  const length = await traceLength(trace).catch((error: unknown) => {
    throw invalid(
      path,
      `✖ expected a trace that can be replayed at ${trace}, found: ${errorMessage(error)}\n  → at load.arrivals.trace`,
    )
  })
  const over = arrivals.over ?? Math.ceil(length / arrivals.speed) + LAST_ANSWERS_MS
  return { ...scenario, load: { ...load, arrivals: { ...arrivals, trace, over } } }
}

/** What can be looked up in a scenario of whatever form. */
const NamedStep = z.looseObject({ fault: z.string().optional(), params: z.unknown().optional() }).catch({ params: {} })
const Named = z.looseObject({
  timeline: z.record(z.string(), NamedStep).optional().catch(undefined),
  load: z.looseObject({ workload: z.string().optional() }).optional().catch(undefined),
})

const faultProblems = (name: string, step: z.infer<typeof NamedStep>, faults: Catalogue['faults']): string[] => {
  if (step.fault === undefined) return []
  const fault = Object.hasOwn(faults, step.fault) ? faults[step.fault] : undefined
  if (fault === undefined) {
    const names = Object.keys(faults).join(', ')
    return [`✖ expected one of the faults ${names}, found "${step.fault}"\n  → at timeline.${name}.fault`]
  }
  const params = fault.params.safeParse(step.params ?? {})
  return params.success ? [] : [`${z.prettifyError(params.error)}\n  → in timeline.${name}.params of ${step.fault}`]
}

const workloadProblems = (name: string | undefined, known: string[]): string[] =>
  name === undefined || known.includes(name)
    ? []
    : [`✖ expected one of the workloads ${known.join(', ')}, found "${name}"\n  → at load.workload`]

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

const loadWorkload = async (folder: string, name: string): Promise<Workload> => {
  const file = join(folder, `${name}.ts`)
  const mend = (problems: string, cause: unknown): UserError =>
    new UserError({
      code: 'workload-invalid',
      message: `expected a workload in ${file}, found:\n${problems}`,
      hint: 'docs/workloads.md says what a workload has; those that ship are examples',
      cause,
    })
  const module: { default?: unknown } = await import(pathToFileURL(file).href).catch((error: unknown) => {
    throw mend(`✖ the file cannot be read: ${errorMessage(error)}`, error)
  })
  const { data, error } = Workload.safeParse(module.default)
  if (error !== undefined) throw mend(z.prettifyError(error), error)
  return data
}
