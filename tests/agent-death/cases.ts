import { ownNeedsOf } from '../../chaos/controller/needs.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import type { AnyFault } from '../../lib/core/fault.ts'
import type { Case } from '../crash/life.ts'

/** Where a fault does something else with other parameters, as far as a node agent has to do with it, or needs some here. */
const PARAMS: Record<string, Record<string, unknown>[]> = {
  'gpu-memory-pressure': [{}, { restartVictim: true }],
  'bad-rollout': [{}, { what: 'readiness' }],
  // Nobody scrapes the engines.
  'kv-shrink': [{ blocks: 2_000 }],
}

/** Every fault that touches more than a document: pods, their owners, Jobs, nodes, which are what they are by their agents. */
export const agentCases = (only: readonly string[]): Case[] =>
  Object.values(faults)
    .filter((fault) => needsAgents(fault) && (only.length === 0 || only.includes(fault.name)))
    .flatMap(({ name: kind }) => (PARAMS[kind] ?? [{}]).map((params) => ({ kind, params, name: named(kind, params) })))

// --- Internal helpers ---

/** Of several means the first, which the stack has: the gateway's document. */
const needsAgents = (fault: AnyFault): boolean =>
  ownNeedsOf(fault, () => true).some((need) => !need.startsWith('configmaps:'))

const named = (kind: string, params: Record<string, unknown>): string =>
  [kind, ...Object.entries(params).map(([name, value]) => `${name}=${String(value)}`)].join(' ')
