import type { FaultRegistry } from '../../lib/core/fault.ts'
import { SYMPTOMS } from '../../lib/core/symptom.ts'

interface Case {
  params?: Record<string, unknown>
  lasting?: string
}

/** Where a fault's defaults are not for a small fleet with a light load, or take longer to show. */
const CASES: Record<string, Case> = {
  'feature-flag': { params: { flag: 'prompt-template', variant: 'v2' } },
  'gpu-memory-pressure': { params: { restartVictim: true } },
  // Missed after twelve seconds.
  'node-down': { lasting: '40s' },
  // The first replica with the smaller cache is there after a cold start.
  'kv-shrink': { lasting: '45s' },
  'metric-rename': { lasting: '35s' },
}

/** Its answers run on for minutes: the next fault would find no request that ends, and so no sample of what is told at the end. */
const LAST = 'runaway-max-tokens'
const LASTING = '25s'
/** After the pods of the one before are ready again: rates that look back must have forgotten it. */
const GAP = '25s'

/** Every fault once, one after the other, whatever the alerts make of it: a scenario as JSON. */
export const catalogueScenario = (faults: FaultRegistry, only: readonly string[]) => {
  const names = Object.keys(faults)
    .filter((name) => only.length === 0 || only.includes(name))
    .sort((one, other) => Number(one === LAST) - Number(other === LAST))
  const steps = names.map((name, index) => {
    const { params = {}, lasting = LASTING } = CASES[name] ?? {}
    const earlier = names[index - 1]
    const when = earlier === undefined ? { kind: 'at', time: '40s' } : { kind: 'after', step: earlier, gap: GAP }
    return [name, { when, fault: name, params, lasting }] as const
  })
  return {
    name: 'catalogue',
    summary: 'Every fault once',
    load: {
      users: {
        stages: [
          { to: 60, over: '10s' },
          { to: 60, over: '60m' },
        ],
      },
      workload: 'chat',
    },
    timeline: Object.fromEntries(steps),
    expect: Object.fromEntries(names.map((name) => [name, { alerts: [], tolerates: [...SYMPTOMS] }])),
    settle: '10s',
  }
}
