import { basename, resolve } from 'node:path'
import { z } from 'zod'
import { Calibration } from '../../lib/core/calibration.ts'
import { Event } from '../../lib/core/event.ts'
import { FaultResource } from '../../lib/core/fault-resource.ts'
import { AlertRule } from '../../lib/core/rule.ts'
import {
  ArrivalCount,
  KubeEvent,
  Notification,
  PodRecord,
  Presence,
  RUN_FILES,
  RunInfo,
  RunPlan,
  SampleSeries,
} from '../../lib/core/run-folder.ts'
import { Scenario } from '../../lib/core/scenario.ts'
import { listFiles, readSeries } from './read-parquet.ts'
import { readRequests } from './read-requests.ts'
import { readJson, readJsonLines, readOptional, type PartReader } from './read-text.ts'
import type { RunData } from './run-data.ts'

/** Reads a whole run folder. Never fails for what is missing or torn: such parts are null and named in `problems`. */
export const readRun = async (dir: string): Promise<RunData> => {
  const reader: PartReader = { dir, problems: [] }
  const run = await readJson(reader, RUN_FILES.run, RunInfo)
  return {
    id: run?.id ?? basename(resolve(dir)),
    run,
    scenario: await readJson(reader, RUN_FILES.scenario, Scenario),
    plan: await readJson(reader, RUN_FILES.plan, RunPlan),
    faults: await readJson(reader, RUN_FILES.faults, z.array(FaultResource)),
    journal: await readJsonLines(reader, RUN_FILES.journal, Event),
    ...(await readRequests(reader)),
    arrivals: await readOptional(reader, RUN_FILES.arrivals, ArrivalCount),
    calibration: await readOptional(reader, RUN_FILES.calibration, Calibration),
    summary: await readJson(reader, RUN_FILES.summary, z.unknown()),
    rules: await readJson(reader, RUN_FILES.rules, z.array(AlertRule)),
    alerts: await readJsonLines(reader, RUN_FILES.alerts, SampleSeries),
    conditions: await readJsonLines(reader, RUN_FILES.conditions, SampleSeries),
    scrapes: await readJsonLines(reader, RUN_FILES.scrapes, SampleSeries),
    presence: await readJson(reader, RUN_FILES.presence, Presence),
    notifications: await readJsonLines(reader, RUN_FILES.notifications, Notification),
    events: await readJsonLines(reader, RUN_FILES.events, KubeEvent),
    pods: await readJsonLines(reader, RUN_FILES.pods, PodRecord),
    series: await readSeries(reader),
    logs: await listFiles(`${dir}/${RUN_FILES.logs}`, '.log'),
    problems: reader.problems,
  }
}
