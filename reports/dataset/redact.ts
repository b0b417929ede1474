import { z } from 'zod'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import { deriveSeed } from '../../lib/core/random.ts'
import type { RunData } from '../read/run-data.ts'

/** Takes the answer out of telemetry: who reads it may find the cause, and may not be told it. */
export interface Redactor {
  /** The text under neutral names, or null where all that it says is the answer. */
  text(text: string): string | null
  /** A name (of a pod, a service, a file) as an agent may read it; null for what only the harness has. */
  name(name: string): string | null
  /** Whether a metric may be shown. */
  metric(name: string): boolean
}

/**
 * - Objects that a fault created (the API knows them by the Fault's name) stay, under a neutral name: a co-tenant that takes
 *   memory is evidence; a name that says so is not.
 * - So do their containers: the records of the faults say how they were named.
 * - The run's id, which begins with the scenario's name, is hidden where it stands: ids of requests may begin with it.
 * - What speaks of Faults, of firedrill or of feature flags is left out, as are the load generator's own series: it
 *   plays the faults.
 */
export const makeRedactor = ({ faults, run, scenario }: Pick<RunData, 'faults' | 'run' | 'scenario'>): Redactor => {
  const ids = (faults ?? []).map(({ metadata }) => metadata.name).sort((a, b) => b.length - a.length)
  const telling = [...new Set((faults ?? []).flatMap(({ spec }) => strings({ kind: spec.kind, params: spec.params })))]
    .filter((word) => word.length >= LEAST_TELLING)
    .map((word) => word.toLowerCase())
  const containers = ownContainers(faults ?? [])
  const runId = run === null || run.id === '' ? null : run.id
  const scenarioName = run?.scenario ?? scenario?.name ?? ''
  const neutral = (text: string): string => {
    const own = runId === null ? text : text.replaceAll(runId, `run-${hash(runId, scenarioName)}`)
    const objects = ids.reduce((rest, id) => rest.replaceAll(id, `batch-${hash(id, scenarioName)}`), own)
    return containers.reduce((rest, name) => rest.replaceAll(name, 'main'), objects.replaceAll(OWN_IMAGE, 'batch:1'))
  }
  const tells = (text: string): boolean => {
    const lower = text.toLowerCase()
    return TELLING.test(lower) || telling.some((word) => lower.includes(word))
  }
  return {
    text: (text) => {
      const rest = neutral(text)
      return tells(rest) ? null : rest
    },
    name: (name) => {
      const rest = neutral(name)
      return tells(rest) ? null : rest
    },
    metric: (name) => !/^(k6_|ALERTS)|flag/i.test(name),
  }
}

// --- Internal helpers ---

/** Shorter parameters (`on`, `v2`) are words that telemetry has for reasons of its own. */
const LEAST_TELLING = 5
const TELLING = /firedrill|fault\/|\bflags?\b|feature-flag/
/** Images of the stack's own programs name the project, and the co-tenant's names its part. */
const OWN_IMAGE = /firedrill\/[\w.-]+(:[\w.-]+)?/g

const Container = z.object({ name: z.string().regex(/^[a-z0-9-]+$/) })

/** What a fault creates is a Job, whole in its plan. */
const Created = z.object({
  job: z.object({
    spec: z.object({
      template: z.object({
        spec: z.object({
          containers: z.array(Container),
          initContainers: z.array(Container).default([]),
        }),
      }),
    }),
  }),
})

/** Whole words only: a container may be named as part of what the target has. */
const ownContainers = (faults: readonly FaultResource[]): RegExp[] => {
  const names = faults.flatMap(({ status }) => {
    const pod = Created.safeParse(status?.plan).data?.job.spec.template.spec
    return pod === undefined ? [] : [...pod.containers, ...pod.initContainers].map(({ name }) => name)
  })
  return [...new Set(names)].map((name) => new RegExp(`(?<![a-z0-9-])${name}(?![a-z0-9-])`, 'gi'))
}

interface Telling {
  kind: string
  params: Record<string, unknown>
}

const strings = ({ kind, params }: Telling): string[] =>
  [kind, ...Object.values(params)].filter((value): value is string => typeof value === 'string')

const hash = (id: string, salt: string): string => deriveSeed(0, `${salt} ${id}`).toString(36).slice(0, 5)
