import type { RunPlan } from '../../core/run-folder.ts'
import type { TargetOptions } from '../../core/target.ts'
import type { SymptomMap } from '../../prometheus/rules.ts'
import type { Connections } from '../connections.ts'
import type { OnProblem } from './jsonl.ts'
import { watchKube } from './kube.ts'
import { collectNotifications } from './notifications.ts'
import { collectPrometheus } from './prometheus.ts'

interface Where {
  connections: Connections
  target: TargetOptions
  /** The run folder. */
  dir: string
  /** Told of evidence that could not be had; without it, it is only missing. */
  onProblem?: OnProblem
}

export interface WatchRunInput extends Where {
  signal: AbortSignal
}

/** Records what is gone afterwards (pods, their logs, events, notifications) until the signal. Never rejects. */
export const watchRun = async ({
  connections,
  target,
  dir,
  onProblem = () => {},
  signal,
}: WatchRunInput): Promise<void> => {
  const { kube, notifications, alertmanager } = connections
  const common = { runDir: dir, from: Date.now(), onProblem, signal }
  await Promise.all([
    watchKube({ ...common, kube, namespace: target.namespace }),
    collectNotifications({ ...common, notifications, alertmanager }),
  ])
}

export interface CollectRunInput extends Where {
  plan: RunPlan
  /** Milliseconds since the epoch. */
  from: number
  to: number
  onProgress?: (what: string) => void
  signal?: AbortSignal
}

/** After the run: all that Prometheus knows of it. Never rejects for what Prometheus does not give; returns what is missing. */
export const collectRun = async (input: CollectRunInput): Promise<string[]> => {
  const { connections, target, dir, plan, from, to, onProgress, signal } = input
  const problems: string[] = []
  await collectPrometheus({
    client: connections.prometheus,
    runDir: dir,
    namespace: target.namespace,
    from,
    to,
    symptoms: symptomsOf(plan),
    onProgress,
    onProblem: (problem) => {
      problems.push(problem)
      input.onProblem?.(problem)
    },
    signal,
  })
  return problems
}

// --- Internal helpers ---

const symptomsOf = ({ rules }: RunPlan): SymptomMap =>
  Object.fromEntries(rules.flatMap(({ alert, symptom }) => (symptom === null ? [] : [[alert, symptom]])))
