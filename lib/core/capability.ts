import type { WorkloadFacts } from './fault-kube/workload.ts'

/**
 * What a target may be able to do, and what it says about itself when it is asked: nothing is guessed from a name. Each is asked by
 * a file of chaos/capabilities/.
 */
export interface CapabilityFacts {
  /** k6 plays a run's load, and does what its own faults ask of it. */
  'load-client': { run: string }
  /** A flag document that the application reads (flagd schema). */
  'feature-flags': { configMap: string; key: string; document: string }
  /** MiB per node, all of its GPUs together, from the GPU exporter. */
  'gpu-metrics': { nodes: Record<string, { usedMiB: number; freeMiB: number; gpus: number }> }
  /** What each disruption budget allows now, and over which pods it is. */
  eviction: { budgets: { name: string; allowed: number; pods: string[] }[] }
  /** Of the serving pods, by name; `drainedBy` is the fault that has marked one. */
  nodes: { nodes: Record<string, { uid: string; unschedulable: boolean; drainedBy: string | null }> }
  /** Those of them whose agent plays an outage that it is asked for by an annotation. */
  'node-outage': { nodes: Record<string, { uid: string; downBy: string | null }> }
  /** The one Deployment or StatefulSet that owns the serving pods. */
  workload: WorkloadFacts
  /** Blocks of tokens in the smallest replica's KV cache, and the longest request that it takes, where that is told. */
  'kv-cache': { blocks: number; blockSize: number; maxModelLen: number | null }
  /** The serving container of the target's pods, which runs commands. */
  exec: { container: string }
  /** Where each ready pod serves vLLM's development endpoints, by the pod's UID. */
  'engine-dev-mode': { engines: Record<string, { address: string; port: number }> }
  /** The GPUs of each ready pod, by the pod's UID. */
  'gpu-power': { gpus: Record<string, GpuPower[]> }
  /** Rules by which the gateway impairs its own connections to replicas. */
  'upstream-faults': { configMap: string; key: string }
  /** Chaos Mesh, and the gateway's pods by their label. */
  'network-chaos': object
  /** The policies that select a serving pod for ingress, by the pod's UID. */
  'network-policies': { selecting: Record<string, string[]> }
  /** The port that a serving pod says it is scraped at, by the pod's UID. */
  'scrape-annotations': { ports: Record<string, string> }
}

/** Watts. */
export interface GpuPower {
  uuid: string
  /** In force, and the least that can be set. */
  limitWatts: number
  leastWatts: number
}

export type CapabilityName = keyof CapabilityFacts

/** A refusal says what was expected and what was found. */
export type Answer<Name extends CapabilityName> = ({ ok: true } & CapabilityFacts[Name]) | { ok: false; reason: string }

/** Of the capabilities that were asked for; others are not there. */
export type Answers = { [Name in CapabilityName]?: Answer<Name> }

/** All of these; of a list inside the list, any one. */
export type Requirement = CapabilityName | readonly CapabilityName[]

/** Why a target cannot take a fault with these requirements, or null where it can, as far as it was asked. */
export const missing = (requires: readonly Requirement[], can: Answers): string | null => {
  const unmet = requires.flatMap((requirement) => {
    const answers = namesOf(requirement).map((name) => can[name])
    const refusals = answers.flatMap((answer) => (answer?.ok === false ? [answer.reason] : []))
    return refusals.length === answers.length ? [refusals.join(', and ')] : []
  })
  return unmet.length === 0 ? null : unmet.join('; ')
}

/** Whether the target was asked for all that a plan may look at. */
export const isKnown = (requires: readonly Requirement[], can: Answers): boolean =>
  requires.flatMap(namesOf).every((name) => can[name] !== undefined)

// --- Internal helpers ---

const namesOf = (requirement: Requirement): readonly CapabilityName[] =>
  typeof requirement === 'string' ? [requirement] : requirement
