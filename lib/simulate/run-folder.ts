import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN_FILES } from '../core/run-folder.ts'
import type { Scenario } from '../core/scenario.ts'
import { writeJsonl } from '../run/collect/jsonl.ts'
import { collectPrometheus } from '../run/collect/prometheus.ts'
import { openRunFolder, writeJson } from '../run/folder.ts'
import { packRun } from '../run/pack.ts'
import type { Incident } from './incident.ts'

/** Writes an incident as the run folder that a real run of it would have left; returns its path. */
export const writeRunFolder = async (runs: string, scenario: Scenario, incident: Incident): Promise<string> => {
  const { info, plan, faults, journal, requests, arrivals, pods, summary, client, symptoms } = incident
  const dir = await openRunFolder(runs, scenario.name, info.startedAt)
  const file = (name: string): string => join(dir, name)
  await writeJson(file(RUN_FILES.scenario), scenario)
  await writeJson(file(RUN_FILES.plan), plan)
  await writeJson(file(RUN_FILES.faults), faults)
  await writeJsonl(file(RUN_FILES.journal), journal)
  await writeJsonl(file(RUN_FILES.pods), pods)
  await writeJsonl(file(RUN_FILES.events), [])
  await writeJson(file(RUN_FILES.summary), summary)
  if (arrivals !== null) await writeFile(file(RUN_FILES.arrivals), `${JSON.stringify(arrivals)}\n`)
  await writeJsonl(file(RUN_FILES.requestSpool), requests)
  await packRun(dir)
  const problems: string[] = []
  await collectPrometheus({
    client,
    runDir: dir,
    namespace: plan.target.namespace,
    from: info.startedAt,
    to: info.endedAt ?? info.startedAt,
    symptoms,
    onProblem: (problem) => problems.push(problem),
  })
  if (problems.length > 0) throw new Error(problems.join('; '))
  // The last: a folder with it is whole.
  await writeJson(file(RUN_FILES.run), info)
  return dir
}
