import { factorFor, scaleScenario } from '../core/scale.ts'
import type { Loaded } from '../run/scenario-file.ts'
import { startedWith } from './engine-record.ts'
import { type EngineLimits, VLLM_ENGINE } from './read-engine.ts'
import { type Context, stateRoot } from './context.ts'
import { VLLM_LIMITS } from './vllm-engine.ts'

/** The scenario as it is played: scaled by what was asked for, else to what the engine carries. Lengths are made to fit later. */
export const scaleRun = (loaded: Loaded, asked: number | undefined, limits: EngineLimits | undefined): Loaded => {
  const load = asked ?? (limits === undefined ? 1 : factorFor(loaded.scenario.load, limits.carries))
  const flags = limits?.flagTokens ?? 1
  if (asked === undefined && load === 1 && flags === 1) return loaded
  return { ...loaded, scenario: scaleScenario(loaded.scenario, load), scale: { load, lengths: 1, flags } }
}

/** What `--engine` means for a scenario, known before anything is installed or started. */
export const limitsFor = (context: Context, flags: { name: string; engine?: string }): EngineLimits | undefined => {
  const engine = flags.engine ?? startedWith({ name: flags.name, stateRoot: stateRoot(context.env) })?.engine
  return engine === VLLM_ENGINE ? VLLM_LIMITS : undefined
}
