import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { shippedRules, userRules } from '../../chaos/rules/load.ts'
import { PROFILES, type StackProfile } from '../../stack/profiles.ts'
import { errorMessage, UserError } from '../core/errors.ts'
import { scaleFlags } from '../core/scale-flags.ts'
import { toolPath } from '../toolchain/tools.mjs'
import { type Context, stateRoot } from './context.ts'
import { requireStartedWith, startedWith } from './engine-record.ts'
import { type ReadEngine, VLLM_ENGINE } from './read-engine.ts'
import { ROOT } from './root.ts'
import { vllmEngine } from './vllm-engine.ts'

export interface EmbeddedOptions {
  name: string
  profile?: StackProfile['name']
  rules?: string[]
  engine?: string
  apiPort?: number
}

/** All that a person hands to the embedded stack, read and checked: nothing has been started for it. */
export interface EmbeddedInputs {
  profile: StackProfile
  /** Rule files by name. */
  rules: Record<string, string>
  /** Names of the alerts in them. */
  alerts: string[]
  /** The flag document (flagd schema). */
  flags: string
  engine: ReadEngine | undefined
}

/**
 * Throws UserErrors for rules that promtool refuses, and for an engine file that is none. Installs the engine where it is one
 * that firedrill brings: nothing has been started for it then.
 */
export const readInputs = async (context: Context, options: EmbeddedOptions): Promise<EmbeddedInputs> => {
  const profile = PROFILES[options.profile ?? 'fast']
  const rules = await rulesOf(options, profile)
  const engine = await engineOf(context, options)
  const flags = await readFile(join(ROOT, 'chaos/flags/flags.json'), 'utf8')
  return {
    profile,
    rules,
    alerts: Object.values(rules).flatMap(alertsOf),
    flags: engine?.limits === undefined ? flags : scaleFlags(flags, engine.limits.flagTokens),
    engine,
  }
}

// --- Internal helpers ---

/** Without a word about it, a cluster that runs keeps the engine that it was started with. */
const engineOf = async (context: Context, { name, engine }: EmbeddedOptions): Promise<ReadEngine | undefined> => {
  const ref = { name, stateRoot: stateRoot(context.env) }
  const wanted = engine ?? startedWith(ref)?.engine
  if (wanted === undefined) return undefined
  // An install of minutes is not begun for a cluster that would refuse it.
  requireStartedWith(ref, wanted)
  return wanted === VLLM_ENGINE ? await vllmEngine(context) : await readEngine(wanted)
}

const rulesOf = ({ rules }: EmbeddedOptions, { ruleFactor }: StackProfile): Promise<Record<string, string>> =>
  rules === undefined ? shippedRules(ruleFactor) : userRules(rules, { promtool: toolPath('promtool') })

const RuleFile = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string().optional() })) })) })

const alertsOf = (file: string): string[] =>
  RuleFile.parse(parse(file))
    .groups.flatMap(({ rules }) => rules)
    .flatMap(({ alert }) => (alert === undefined ? [] : [alert]))

/** A file of --engine: a real vLLM in place of the emulated one. */
const Engine = z.strictObject({
  /** A virtual environment with vLLM in it. */
  venv: z.string(),
  replicas: z.number().int().positive(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()).default({}),
})

const readEngine = async (path: string): Promise<ReadEngine> => {
  try {
    const { venv, ...real } = Engine.parse(parse(await readFile(path, 'utf8')))
    return { vllm: join(venv, 'bin/vllm'), real }
  } catch (error) {
    throw new UserError({
      code: 'engine-invalid',
      message: `expected venv, replicas and args of a real vLLM in ${path}, found: ${error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error)}`,
      hint: 'docs/engine.md shows such a file',
      cause: error,
    })
  }
}
