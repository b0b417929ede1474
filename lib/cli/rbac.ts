import { stringify } from 'yaml'
import { CONTROLLER_NEEDS, type Has, needsOfAsking, ownNeedsOf, RUN_NEEDS } from '../../chaos/controller/needs.ts'
import { rbacManifests } from '../../chaos/controller/rbac.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import type { AnyFault } from '../core/fault.ts'
import { readScenario } from '../run/prepare.ts'
import type { Context } from './context.ts'
import { WORKLOADS } from './run.ts'

export interface RbacFlags {
  namespace: string
  fault?: string[]
  scenario?: string
  account: string
  controllerOnly?: boolean
  means?: string[]
}

/** The least rights that the chosen faults need, for `kubectl apply`: from the fault and capability files alone. */
export const rbac = async ({ out }: Context, flags: RbacFlags): Promise<ExitCode> => {
  const { namespace, account, controllerOnly = false } = flags
  const chosen = (await namesOf(flags)).map(definitionOf)
  const has = flags.means === undefined ? undefined : among(flags.means)
  // Without a choice the rights are for whatever these means can do.
  if (flags.fault !== undefined || flags.scenario !== undefined) requireMeans(chosen, flags.means)
  const needs = [
    ...CONTROLLER_NEEDS,
    ...(controllerOnly ? [] : RUN_NEEDS),
    ...chosen.flatMap((fault) => ownNeedsOf(fault, has)),
    ...needsOfAsking(chosen, has === undefined ? {} : { has }),
  ]
  const what = [...new Set(chosen.map(({ name }) => name))].sort().join(', ')
  out(`# Made by firedrill rbac: ${controllerOnly ? 'the controller' : 'a drill'} in ${namespace} with ${what}.\n`)
  out('# What a Fault is, an administrator installs once: kubectl apply -f chaos/controller/crd.gen.yaml\n')
  for (const manifest of rbacManifests({ namespace, name: account, needs })) out(`---\n${stringify(manifest)}`)
  return EXIT.pass
}

// --- Internal helpers ---

/** Said, not asked: whoever makes the manifest need not reach the cluster. */
const among = (means: readonly string[]): Has => {
  const known = Object.values(faults).flatMap((fault) => Object.keys(fault.means ?? {}))
  const unknown = means.filter((name) => !known.includes(name))
  if (unknown.length === 0) return (name) => means.includes(name)
  throw new UserError({
    code: 'means-unknown',
    message: `expected means (${[...new Set(known)].join(', ')}), found "${unknown.join(', ')}"`,
    hint: 'docs/network-faults.md says what each is; without --means the rights are for all',
  })
}

/** A Role for a fault without any of its means would be good for nothing. */
const requireMeans = (chosen: readonly AnyFault[], named: readonly string[] = []): void => {
  if (named.length === 0) return
  for (const { name, means = {} } of chosen) {
    const own = Object.keys(means)
    if (own.length === 0 || own.some((one) => named.includes(one))) continue
    throw new UserError({
      code: 'means-unfit',
      message: `expected means of ${name} (${own.join(', ')}), found "${named.join(', ')}"`,
      hint: `name one that the target has with --means, or leave ${name} out; docs/network-faults.md says what each is`,
    })
  }
}

const namesOf = async ({ fault, scenario }: RbacFlags): Promise<string[]> => {
  if (fault === undefined && scenario === undefined) return Object.keys(faults)
  const loaded = scenario === undefined ? null : await readScenario(scenario, WORKLOADS)
  return [...(fault ?? []), ...Object.values(loaded?.scenario.timeline ?? {}).map((step) => step.fault)]
}

const definitionOf = (name: string): AnyFault => {
  const found = Object.hasOwn(faults, name) ? faults[name] : undefined
  if (found !== undefined) return found
  throw new UserError({
    code: 'fault-unknown',
    message: `expected a fault (${Object.keys(faults).join(', ')}), found "${name}"`,
    hint: '`firedrill list faults` shows them',
  })
}
