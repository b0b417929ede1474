import { loadDuration, loadPlan } from '../core/load.ts'
import type { Event } from '../core/event.ts'
import { UserError } from '../core/errors.ts'
import type { FaultRegistry, TargetSnapshot } from '../core/fault.ts'
import type { FaultResource } from '../core/fault-resource.ts'
import { deriveSeed, seededRandom } from '../core/random.ts'
import type { ArrivalCount, PodRecord, RequestRecord, RunInfo, RunPlan, SampleSeries } from '../core/run-folder.ts'
import type { Scenario } from '../core/scenario.ts'
import type { Workload } from '../core/workload.ts'
import { scriptData } from '../k6/script-data.ts'
import type { PrometheusClient } from '../prometheus/client.ts'
import type { SymptomMap } from '../prometheus/rules.ts'
import { playOut } from '../run/ending.ts'
import { makePlan } from '../run/plan.ts'
import { newRunInfo } from '../run/run-info.ts'
import { timeLimit, type Watch } from '../run/watch.ts'
import { createClockwork } from './clockwork.ts'
import { createController } from './faults/controller.ts'
import { playTimeline } from './faults/timeline.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { startLoad } from './load/load.ts'
import { createRequestLog } from './load/request-log.ts'
import type { SimulatedPrometheus } from './prometheus/simulated-prometheus.ts'
import type { SimulatedStack } from './stack.ts'
import { firstStop, type Stop } from './stops.ts'

export interface IncidentInput {
  scenario: Scenario
  workload: Workload
  stack: SimulatedStack
  seed: number
  registry: FaultRegistry
  symptoms: SymptomMap
  prometheus: SimulatedPrometheus
  /** When the run starts, in milliseconds since the epoch. */
  startedAt: number
  versions: Record<string, string>
  git: RunInfo['git']
  argv: readonly string[]
  /** Metrics that are kept; all where null. */
  wanted: ((metric: string) => boolean) | null
  /** The gaps of each request. */
  detailed: boolean
}

/** All that a run of the scenario leaves behind; Prometheus' part through the client, until the next incident is opened. */
export interface Incident {
  info: RunInfo
  plan: RunPlan
  faults: readonly FaultResource[]
  journal: readonly Event[]
  /** Made when they are first asked for. */
  readonly requests: readonly RequestRecord[]
  arrivals: ArrivalCount | null
  pods: readonly PodRecord[]
  client: PrometheusClient
  /** What each rule's expression returned when it was evaluated, with the rule's name and group under these labels. */
  conditions(nameLabel: string, groupLabel: string): Promise<SampleSeries[]>
  symptoms: SymptomMap
  /** What k6 would have summed up. */
  summary: unknown
}

/** The stack is up so long before the run starts: cold starts are over, and every rule has been evaluated. */
const WARM_UP_MS = 20_000
/** From the run's start to the load's, as measured on the embedded cluster. */
const LOAD_STARTS_MS = 400

/** Plays a scenario on simulated time, from a fresh stack to the end of the run. */
export const playIncident = async (input: IncidentInput): Promise<Incident> => {
  const played = await playOnce(input, null)
  const stop = await firstStop(input.scenario, played)
  // The same seed plays the same incident: it is cut off where the run would have seen a reason to stop.
  return stop === null ? played : playOnce(input, stop)
}

// --- Internal helpers ---

const playOnce = async (input: IncidentInput, stop: Stop | null): Promise<Incident> => {
  const { scenario, workload, stack, seed, startedAt } = input
  const clock = createClockwork(startedAt - WARM_UP_MS)
  const fleet = await createFleet({ ...input, clock, seed: deriveSeed(seed, 'fleet') })
  const journal: Event[] = []
  const note = (entry: Pick<Event, 'actor' | 'phase' | 'what' | 'value'>): void => {
    const wall = clock.now()
    journal.push({ seq: journal.length, mono: Math.round(wall - startedAt), wall, ...entry })
  }
  const info = infoOf(input)
  const runId = info.id
  const log = createRequestLog(runId, input)
  const controller = createController({
    clock,
    registry: input.registry,
    kube: fleet.kube,
    observe: { query: (promql) => fleet.client.query(promql) },
    snapshot: async () => underLoad(await fleet.snapshot(), runId),
    replicas: stack.serving.replicas,
    onEvent: note,
  })

  const drive = async (): Promise<{ plan: RunPlan; arrivals: ArrivalCount | null }> => {
    await clock.sleep(WARM_UP_MS)
    const plan = makePlan(scenario, await gatherFacts(input, fleet), input.registry)
    note({ actor: 'run', phase: 'invoke', what: 'load' })
    await clock.sleep(LOAD_STARTS_MS)
    const loadStartedAt = clock.now()
    note({ actor: 'k6', phase: 'info', what: 'load-started', value: { at: loadStartedAt } })
    const load = startLoad({
      clock,
      fleet,
      scenario,
      workload,
      seed,
      runId,
      extraUsers: plan.extraUsers,
      log,
    })
    const timeline = playTimeline({
      clock,
      controller,
      observe: { query: (promql) => fleet.client.query(promql) },
      steps: scriptData(scenario, workload, seed).steps,
      scenario: scenario.name,
      runId,
      namespace: stack.serving.namespace,
      selector: stack.serving.selector,
      random: seededRandom(deriveSeed(seed, 'timeline')),
      startedAt: loadStartedAt,
      load,
      onEvent: (event) => note({ actor: 'k6', ...event }),
    })
    const loadMs = loadDuration(loadPlan(scenario.load)) ?? 0
    const { maxDuration } = scenario.safety
    const ending = await playOut({
      scenario,
      load: {
        timelineFinished: timeline.then(() => []),
        finished: clock.sleep(loadMs).then(() => ({
          outcome: 'completed' as const,
          message: '',
          exitCode: 0,
          loadStartedAt,
          loadEndedAt: clock.now(),
          refused: [],
          timelineFinished: false,
        })),
      },
      // What Prometheus knows is asked afterwards.
      watches: [
        ...(maxDuration === undefined ? [] : [timeLimit(maxDuration)]),
        ...(stop === null ? [] : [stopAt(stop)]),
      ],
      clock,
      signal: new AbortController().signal,
      onWatchError: (message) => note({ actor: 'run', phase: 'info', what: 'stop-condition', value: message }),
    })
    note({ actor: 'run', phase: 'info', what: 'ending', value: ending })
    load.stop()
    Object.assign(info, ending, { loadStartedAt, loadEndedAt: clock.now() })
    await controller.healAll()
    await clock.sleep(ENDING_MS)
    info.endedAt = clock.now()
    return { plan, arrivals: load.arrivals() }
  }
  const driven = drive().finally(() => clock.stop())
  // Whoever waits for it below is told; until then it is nobody's.
  driven.catch(() => undefined)
  await clock.run(Infinity)
  const { plan, arrivals } = await driven
  fleet.settle()
  let records: readonly RequestRecord[] | null = null
  return {
    info,
    plan,
    faults: controller.faults,
    journal,
    get requests() {
      return (records ??= log.records())
    },
    arrivals,
    pods: fleet.cluster.records,
    client: fleet.client,
    conditions: fleet.conditions,
    symptoms: input.symptoms,
    summary: { simulated: true, metrics: {} },
  }
}

const stopAt =
  ({ at, reason }: Stop): Watch =>
  async ({ clock, signal }) => {
    await clock.sleep(at - clock.now(), signal)
    return signal.aborted ? null : { ending: 'stopped', endingReason: reason }
  }

/** The load goes on as long as the timeline does. */
const underLoad = (target: TargetSnapshot, run: string): TargetSnapshot => ({
  ...target,
  can: { ...target.can, 'load-client': { ok: true, run } },
})

/** From the load's end to the run's. */
const ENDING_MS = 600

const infoOf = ({ scenario, versions, stack, ...input }: IncidentInput): RunInfo =>
  newRunInfo({
    ...input,
    scenario: scenario.name,
    versions: { ...versions, ...stack.versions },
    synthetic: ['cluster', 'engine', 'gpu', 'load'],
    simulated: true,
    scale: null,
  })

const gatherFacts = async ({ stack, symptoms }: IncidentInput, { client, cluster }: Fleet) => {
  const { serving, profile } = stack
  const ready = cluster.servingPods().filter((pod) => pod.ready).length
  if (ready < serving.replicas) {
    throw new UserError({
      code: 'cold-start-too-long',
      message: `expected ${serving.replicas} ready replicas ${WARM_UP_MS / 1_000} s after their start, found ${ready}`,
      hint: 'give the engine a shorter VLLM_EMULATOR_COLD_START',
    })
  }
  return {
    target: {
      namespace: serving.namespace,
      selector: serving.selector,
      url: 'simulated',
      prometheus: 'simulated',
      replicas: serving.replicas,
      model: serving.args.servedModelNames[0] ?? serving.args.model,
      engineVersion: stack.versions.engine,
      notifications: false,
    },
    timing: { scrapeIntervalMs: profile.scrapeIntervalMs, evaluationIntervalMs: profile.evaluationIntervalMs },
    rules: await client.rules(symptoms),
  }
}
