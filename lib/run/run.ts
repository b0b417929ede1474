import { join } from 'node:path'
import { startController } from '../../chaos/controller/controller.ts'
import { listFaults } from '../../chaos/controller/fault-store.ts'
import { healAll, type HealReport } from '../../chaos/controller/heal-all.ts'
import { installCrd } from '../../chaos/controller/install.ts'
import type { Calibration } from '../core/calibration.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { errorMessage, EXIT, UserError } from '../core/errors.ts'
import type { Event } from '../core/event.ts'
import { RUN_LABEL } from '../core/fault-resource.ts'
import { RUN_FILES, type RunInfo } from '../core/run-folder.ts'
import { type LoadRun, startLoad } from '../k6/runner.ts'
import type { Kube } from '../kube/client.ts'
import { serverClock } from '../kube/server-clock.ts'
import { collectRun, watchRun } from './collect/collect.ts'
import { playOut } from './ending.ts'
import { openRunFolder, writeJson } from './folder.ts'
import { openJournal } from './journal.ts'
import { packRun } from './pack.ts'
import type { Prepared } from './prepare.ts'
import { newRunInfo } from './run-info.ts'
import { watches } from './watches.ts'

export interface RunInput extends Prepared {
  /** Parent of all run folders. */
  runs: string
  argv: readonly string[]
  seed: number
  versions: Record<string, string>
  /** How exact the load client is on this machine; null where nobody measured it. */
  calibration: Calibration | null
  git: RunInfo['git']
  tools: { k6: string }
  /** Names this process among all that may hold the controller's Lease: from `processHolder`. */
  holder: string
  onEvent(event: Event): void
  /** Called once there is load to be watched. */
  onLoad?(load: LoadRun): void
  /** Ends the run early; every fault is healed all the same. */
  signal: AbortSignal
  clock?: Clock
}

export interface RunResult {
  dir: string
  info: RunInfo
  /** Faults of this run that could not be healed, with the reason. */
  unhealed: { name: string; reason: string }[]
}

/** One run, forwards only. Each step queues its teardown before the next begins; healing has its own clock. */
export const runDrill = async (input: RunInput): Promise<RunResult> => {
  const { scenario, connections, target, plan, clock = systemClock } = input
  const startedAt = clock.now()
  const dir = await openRunFolder(input.runs, scenario.name, startedAt)
  const info = newRunInfo({
    ...input,
    scenario: scenario.name,
    startedAt,
    versions: { ...input.versions, ...input.targetVersions },
    simulated: false,
    scale: input.scale ?? null,
  })
  const save = (): Promise<void> => saving(dir, () => writeJson(join(dir, RUN_FILES.run), info))
  await save()
  await saving(dir, () => writeJson(join(dir, RUN_FILES.scenario), scenario))
  await saving(dir, () => writeJson(join(dir, RUN_FILES.plan), plan))
  const { calibration } = input
  if (calibration !== null) await saving(dir, () => writeJson(join(dir, RUN_FILES.calibration), calibration))

  const broken = new AbortController()
  const signal = AbortSignal.any([input.signal, broken.signal])
  await using teardown = new AsyncDisposableStack()
  const journal = teardown.use(
    openJournal({
      path: join(dir, RUN_FILES.journal),
      clock: { now: clock.now, mono: () => performance.now() },
      onEvent: input.onEvent,
      onBroken: (error) => broken.abort(folderFull(dir, error)),
    }),
  )
  const note = (phase: Event['phase'], what: string, value?: unknown): void =>
    journal.write({ actor: 'run', phase, what, ...(value === undefined ? {} : { value }) })

  const { kube, prometheus } = connections
  await installCrd(kube, target.namespace)
  // Without one of its own, what the cluster keeps goes by the API server's.
  const own = input.clock === undefined ? {} : { clock: input.clock }
  const controller = await startController({
    kube,
    namespace: target.namespace,
    observe: { query: (promql) => prometheus.query(promql) },
    holder: input.holder,
    onEvent: (event) => journal.write(event),
    // Not the run's own signal: what was begun is healed after it.
    signal: new AbortController().signal,
    ...own,
    whenHeld: 'refuse',
  })
  teardown.defer(() => controller.stop())
  let returned = false
  const heal = healing({ kube, namespace: target.namespace, holder: input.holder, ...own }, note)
  // Whatever goes wrong from here on, what was broken is mended before the controller goes.
  teardown.defer(async () => {
    const { unhealed } = await heal()
    if (unhealed.length > 0 && !returned) throw notHealed(unhealed)
  })
  const watching = new AbortController()
  const onProblem = (problem: string): void => note('info', 'not-recorded', problem)
  const watched = watchRun({ connections, target, dir, onProblem, signal: watching.signal })
  const stopWatching = async (): Promise<void> => {
    watching.abort()
    await watched
  }
  teardown.defer(stopWatching)
  const time = input.clock ?? (await serverTime(kube, watching.signal))

  note('invoke', 'load')
  const load = await startLoad({
    k6: input.tools.k6,
    runDir: dir,
    scenario,
    workload: input.workload,
    target: {
      ...target,
      headers: connections.urlHeaders,
      model: plan.target.model,
      prometheus: connections.prometheusEndpoint,
    },
    runId: info.id,
    seed: input.seed,
    extraUsers: plan.extraUsers,
    onEvent: (event) => journal.write({ actor: 'k6', ...event }),
    signal,
  })
  teardown.defer(() => load.stop())
  input.onLoad?.(load)
  const onWatchError = (message: string): void => note('info', 'stop-condition', message)
  const ending = await playOut({
    scenario,
    load,
    watches: watches({ safety: scenario.safety, plan, kube, prometheus, runId: info.id, time }),
    clock,
    signal,
    onWatchError,
  })
  note('info', 'ending', ending)

  await load.stop()
  const { loadStartedAt, loadEndedAt } = await load.finished
  Object.assign(info, ending, { loadStartedAt, loadEndedAt })
  const { unhealed } = await heal()
  await stopWatching()
  const faults = (await listFaults(kube, target.namespace)).filter(
    ({ metadata }) => metadata.labels?.[RUN_LABEL] === info.id,
  )
  await saving(dir, () => writeJson(join(dir, RUN_FILES.faults), faults))
  // After the faults' records: each request is told which of them it met.
  const packed = await saving(dir, () => packRun(dir))
  if (packed !== null && packed.bad > 0) note('info', 'request-records-torn', { lines: packed.bad })

  info.endedAt = clock.now()
  if (!signal.aborted) {
    note('invoke', 'collect')
    const problems = await saving(dir, () =>
      collectRun({ connections, target, dir, plan, from: startedAt, to: clock.now() }),
    )
    note(problems.length === 0 ? 'ok' : 'fail', 'collect', problems)
  }
  await save()
  if (broken.signal.aborted) throw broken.signal.reason
  returned = true
  return { dir, info, unhealed }
}

// --- Internal helpers ---

/** The API server's time, asked for again until the signal. */
const serverTime = async (kube: Kube, signal: AbortSignal): Promise<Clock> => {
  const clock = await serverClock(kube)
  void clock.keep(signal)
  return clock
}

/** Heals once, however often it is asked to. */
const healing = (
  options: Parameters<typeof healAll>[0],
  note: (phase: Event['phase'], what: string, value?: unknown) => void,
): (() => Promise<HealReport>) => {
  let report: Promise<HealReport> | null = null
  const healNow = async (): Promise<HealReport> => {
    note('invoke', 'heal')
    const healed = await healAll(options)
    note(healed.unhealed.length === 0 ? 'ok' : 'fail', 'heal', healed)
    return healed
  }
  return () => (report ??= healNow())
}

const saving = async <T>(dir: string, write: () => Promise<T>): Promise<T> => {
  try {
    return await write()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw folderFull(dir, error)
    throw error
  }
}

const folderFull = (dir: string, cause: unknown): UserError =>
  new UserError({
    code: 'run-folder-full',
    message: `expected to write to the run folder ${dir}, found: ${errorMessage(cause)}`,
    hint: 'free some space, or name another place with --runs DIR; `firedrill heal --dry-run` shows that no fault was left',
    exitCode: EXIT.unknown,
    cause,
  })

const notHealed = (unhealed: HealReport['unhealed']): UserError =>
  new UserError({
    code: 'unhealed',
    message: `expected every fault to be healed, found ${unhealed.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`,
    hint: 'heal what is left with `firedrill heal`, which takes the same --name or --kubeconfig',
    exitCode: EXIT.unhealed,
  })
