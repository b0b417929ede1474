import { sleep } from 'k6'
import exec from 'k6/execution'
import type { Options } from 'k6/options'
import { Kubernetes } from 'k6/x/kubernetes'
import { Client, stats } from 'k6/x/llm'
import { loadDuration, type ScriptData, type ScriptStep } from './script-data.ts'
import { formatEvent, type ScriptEvent } from './script-event.ts'
import { dueAt, faultName, isTransient, untilNext } from './timeline.ts'
import { drawTurn, type Turn } from './turn.ts'

/**
 * The script that k6 runs: `user` is one round of a virtual user, `faults` applies the timeline on the same clock.
 * The bundler puts the scenario's data in; the target comes from the environment.
 */
declare const FIREDRILL_DATA: ScriptData

const data: ScriptData = FIREDRILL_DATA
const target = {
  url: __ENV['FIREDRILL_URL'] ?? '',
  model: __ENV['FIREDRILL_MODEL'] ?? '',
  namespace: __ENV['FIREDRILL_NAMESPACE'] ?? '',
  selector: __ENV['FIREDRILL_SELECTOR'] ?? '',
  run: __ENV['FIREDRILL_RUN'] ?? 'by-hand',
}
const durationMs = loadDuration(data.stages)

const TICK_MS = 500
const PROGRESS_MS = 1_000
const CREATE_PATIENCE_MS = 30_000

export const options: Options = {
  scenarios: {
    load: {
      executor: 'ramping-vus',
      exec: 'user',
      startVUs: 0,
      stages: data.stages.map(({ to, over }) => ({ target: to, duration: `${over}ms` })),
      gracefulStop: '2s',
      gracefulRampDown: '2s',
    },
    faults: {
      executor: 'per-vu-iterations',
      exec: 'faults',
      vus: 1,
      iterations: 1,
      maxDuration: `${durationMs + 5_000}ms`,
      gracefulStop: '1s',
    },
  },
  // Few tags: each combination is a series of its own in Prometheus.
  systemTags: ['scenario', 'status'],
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(95)', 'p(99)', 'count'],
}

const client = new Client({
  url: target.url,
  headers: JSON.parse(__ENV['FIREDRILL_HEADERS'] ?? '{}') as Record<string, string>, // written by the runner
  timeout: data.workload.requestTimeout,
  spool: __ENV['FIREDRILL_SPOOL'] ?? '',
})

export const user = (): void => {
  const { idInTest, iterationInScenario } = exec.vu
  const turn = drawTurn(data.workload, data.seed, idInTest, iterationInScenario)
  sleep(turn.think / 1_000)
  const params = { id: `${target.run}-${idInTest}-${iterationInScenario}` }
  try {
    if (data.workload.endpoint === 'chat') client.chat(chatBody(turn), params)
    else client.completions(completionBody(turn), params)
  } catch (error) {
    // Failed requests are records. This is a call that cannot work, or a full disk: every other would fail as well.
    tell({ event: 'error', at: Date.now(), message: messageOf(error) })
    exec.test.abort(messageOf(error))
  }
}

export const faults = (): void => {
  const startedAt = exec.scenario.startTime
  tell({ event: 'load-started', at: startedAt })
  const kube = data.steps.length > 0 ? connect() : null
  const overAt = new Map<string, number>()
  const active = new Map<string, string>()
  const refused: string[] = []
  let waiting = [...data.steps]
  let finished = false
  let progressAt = 0

  while (Date.now() < startedAt + durationMs) {
    if (kube !== null) {
      waiting = waiting.filter((step) => {
        const due = dueAt(step, startedAt, overAt)
        return due === null || due > Date.now() || !create(kube, step, due, { active, overAt, refused })
      })
      for (const [step, fault] of active) poll(kube, step, fault, { active, overAt, refused })
    }
    if (!finished && waiting.length === 0 && active.size === 0) {
      finished = true
      tell({ event: 'timeline-finished', at: Date.now(), refused })
    }
    if (Date.now() >= progressAt) {
      progressAt = Date.now() + PROGRESS_MS
      // This VU is active too, and is no user.
      tell({ event: 'progress', at: Date.now(), users: exec.instance.vusActive - 1, ...stats() })
    }
    const dues = waiting.map((step) => dueAt(step, startedAt, overAt))
    sleep(untilNext([...dues, startedAt + durationMs], Date.now(), TICK_MS) / 1_000)
  }
}

export const handleSummary = (summary: unknown): Record<string, string> => ({
  [__ENV['FIREDRILL_SUMMARY'] ?? 'stdout']: JSON.stringify(summary, null, 2),
})

// --- Internal helpers ---

interface Progress {
  /** Step → name of its Fault. */
  active: Map<string, string>
  overAt: Map<string, number>
  refused: string[]
}

const tell = (event: ScriptEvent): void => {
  // eslint-disable-next-line no-console -- the console is how a script speaks to whoever started k6
  console.log(formatEvent(event))
}

// k6 hands Go's errors over as objects of its own, whose text names their kind.
const messageOf = (error: unknown): string => String(error).replace(/^(GoError|Error): /, '')

const chatBody = ({ shared, own, maxTokens }: Turn): object => ({
  model: target.model,
  messages: [...(shared === '' ? [] : [{ role: 'system', content: shared }]), { role: 'user', content: own }],
  max_tokens: maxTokens,
  // The drawn length is the generated length, on every server.
  ignore_eos: true,
})

const completionBody = ({ shared, own, maxTokens }: Turn): object => ({
  model: target.model,
  prompt: shared + own,
  max_tokens: maxTokens,
  ignore_eos: true,
})

const connect = (): Kubernetes =>
  new Kubernetes({
    ...(__ENV['FIREDRILL_KUBECONFIG'] ? { config_path: __ENV['FIREDRILL_KUBECONFIG'] } : {}),
    ...(__ENV['FIREDRILL_CONTEXT'] ? { context: __ENV['FIREDRILL_CONTEXT'] } : {}),
  })

/** False where the API server could not be asked: the step stays due. */
const create = (kube: Kubernetes, step: ScriptStep, due: number, { active, overAt, refused }: Progress): boolean => {
  const name = faultName(data.scenario, step.name, target.run)
  try {
    kube.create({
      apiVersion: 'firedrill.dev/v1alpha1',
      kind: 'Fault',
      metadata: {
        name,
        namespace: target.namespace,
        labels: { 'firedrill.dev/run': target.run, 'firedrill.dev/step': step.name },
      },
      spec: { ...step.spec, target: { selector: target.selector } },
    })
  } catch (error) {
    const message = messageOf(error)
    // An answer that was lost on the way: the object is there, and its name is this run's alone.
    if (!/already exists/.test(message)) {
      if (isTransient(message) && Date.now() < due + CREATE_PATIENCE_MS) return false
      refused.push(step.name)
      overAt.set(step.name, Date.now())
      tell({ event: 'step-refused', at: Date.now(), step: step.name, message })
      return true
    }
  }
  active.set(step.name, name)
  tell({ event: 'step-created', at: Date.now(), step: step.name, fault: name })
  return true
}

const poll = (kube: Kubernetes, step: string, fault: string, { active, overAt }: Progress): void => {
  let phase: string
  try {
    const { status } = kube.get('Fault.firedrill.dev', fault, target.namespace) as { status?: { phase?: string } }
    phase = status?.phase ?? 'Pending'
  } catch (error) {
    // Anything else is the API server's trouble, and passes or does not: the Fault ends without us.
    if (!/not found/.test(messageOf(error))) return
    phase = 'Deleted'
  }
  if (phase !== 'Recovered' && phase !== 'Failed' && phase !== 'Deleted') return
  active.delete(step)
  overAt.set(step, Date.now())
  tell({ event: 'step-over', at: Date.now(), step, fault, phase })
}
