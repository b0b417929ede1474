import { score } from '../../reports/score/score.ts'
import type { RunData } from '../../reports/read/run-data.ts'
import type { Scenario } from '../core/scenario.ts'
import type { Verdict } from '../core/verdict.ts'
import { gatherEvidence } from '../simulate/evidence.ts'
import type { Incident } from '../simulate/incident.ts'

/** Judges an incident out of memory, by the same rules as a run folder. */
export const judgeIncident = async (scenario: Scenario, incident: Incident): Promise<Verdict> => {
  const { info, plan, client, conditions, symptoms } = incident
  const span = { from: Math.floor(info.startedAt), to: Math.ceil(info.endedAt ?? info.startedAt) }
  const evidence = await gatherEvidence(client, conditions, span, symptoms)
  const run: RunData = {
    id: info.id,
    problems: [],
    run: info,
    scenario,
    plan,
    faults: incident.faults,
    journal: incident.journal,
    requests: incident.requests,
    gaps: [],
    arrivals: incident.arrivals,
    calibration: null,
    summary: incident.summary,
    rules: evidence.rules,
    alerts: evidence.alerts,
    conditions: evidence.conditions,
    scrapes: evidence.scrapes,
    presence: evidence.presence,
    notifications: [],
    events: [],
    pods: incident.pods,
    series: new Map([['k6_vus', evidence.users]]),
    logs: [],
  }
  return score(run)
}
