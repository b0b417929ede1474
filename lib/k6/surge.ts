import { deriveSeed } from '../core/random.ts'
import { levelAt } from '../core/stages.ts'
import type { Traffic } from '../core/traffic.ts'
import type { ScriptLoad } from './script-data.ts'

/** Users at once, or requests at a rate. No imports of k6. */
export type Surge = { users: number } | { rate: number; process: 'constant' | 'poisson' | 'gamma'; burstiness?: number }

export interface SurgeInput {
  load: ScriptLoad
  traffic: Extract<Traffic, { kind: 'surge' }>
  /** Milliseconds of the load that are over. */
  at: number
  /** Virtual users that are kept ready. */
  extraUsers: number
}

/** What the requests beyond the load are drawn from: like the load's, and never the same. */
export const surgeSeed = (seed: number, step: string): number => deriveSeed(seed, `surge-${step}`)

/** What a surge adds to the load as it is by now; null where that is nothing. Requests come by the load's own process. */
export const surgeOf = ({ load, traffic: { factor, perSecond }, at, extraUsers }: SurgeInput): Surge | null => {
  const schedule = load.kind === 'arrivals' && 'stages' in load.schedule ? load.schedule : null
  if (load.kind === 'users' && factor !== null) {
    const users = Math.min(extraUsers, Math.round((factor - 1) * levelAt(load.stages, at)))
    return users < 1 ? null : { users }
  }
  const rate = perSecond ?? ((factor ?? 1) - 1) * (schedule === null ? 0 : levelAt(schedule.stages, at))
  if (rate <= 0) return null
  if (schedule === null) return { rate, process: 'poisson' }
  const { process, burstiness } = schedule
  return { rate, process, ...(burstiness === undefined ? {} : { burstiness }) }
}
