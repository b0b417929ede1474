import { Kubernetes } from 'k6/x/kubernetes'
import type { ScriptData, ScriptStep } from './script-data.ts'
import { target } from './script-target.ts'
import { messageOf, tell } from './script-tell.ts'
import { dueAt, faultName, isTransient } from './timeline.ts'

const CREATE_PATIENCE_MS = 30_000

/** The scenario's faults as they are played. */
export interface Timeline {
  /** Creates what is due, and looks after what is active. */
  step(): void
  isFinished(): boolean
  /** Steps whose Fault the API server did not take. */
  refused: string[]
  /** When the waiting steps are due; null while that is not known. Milliseconds since the epoch. */
  dues(): (number | null)[]
}

export const playTimeline = (data: ScriptData, startedAt: number): Timeline => {
  const kube = data.steps.length > 0 ? connect() : null
  const progress: Progress = { active: new Map(), overAt: new Map(), refused: [] }
  const { active, overAt, refused } = progress
  let waiting = [...data.steps]
  return {
    step() {
      if (kube === null) return
      waiting = waiting.filter((step) => {
        const due = dueAt(step, startedAt, overAt)
        return due === null || due > Date.now() || !create(kube, data.scenario, step, due, progress)
      })
      for (const [step, fault] of active) poll(kube, step, fault, progress)
    },
    isFinished: () => waiting.length === 0 && active.size === 0,
    refused,
    dues: () => waiting.map((step) => dueAt(step, startedAt, overAt)),
  }
}

// --- Internal helpers ---

interface Progress {
  /** Step → name of its Fault. */
  active: Map<string, string>
  overAt: Map<string, number>
  refused: string[]
}

const connect = (): Kubernetes =>
  new Kubernetes({
    ...(target.kubeconfig === '' ? {} : { config_path: target.kubeconfig }),
    ...(target.context === '' ? {} : { context: target.context }),
  })

/** False where the API server could not be asked: the step stays due. */
const create = (
  kube: Kubernetes,
  scenario: string,
  step: ScriptStep,
  due: number,
  { active, overAt, refused }: Progress,
): boolean => {
  const name = faultName(scenario, step.name, target.run)
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
