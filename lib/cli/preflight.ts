import { access, constants } from 'node:fs/promises'
import { resolve } from 'node:path'
import { declaredPorts, declaredTarget } from '../../stack/declared.ts'
import { renderStack } from '../../stack/render.ts'
import { isFree } from '../cluster/ports.ts'
import { errorMessage, EXIT, UserError } from '../core/errors.ts'
import type { TargetSnapshot } from '../core/fault.ts'
import type { Scenario } from '../core/scenario.ts'
import { requireKnownAlerts } from '../run/plan.ts'
import { requirePossible } from '../run/prepare.ts'
import type { EmbeddedInputs } from './embedded-inputs.ts'
import { makeFolder } from '../run/folder.ts'

/** Finds what is wrong with a scenario for the embedded cluster, before one is started for it. */
export const requirePlayable = (scenario: Scenario, inputs: EmbeddedInputs): void => {
  requireKnownAlerts(scenario, inputs.alerts)
  requirePossible(scenario, embeddedTarget(inputs))
}

/** The target that the stack will be. */
export const embeddedTarget = (inputs: EmbeddedInputs): TargetSnapshot =>
  declaredTarget(manifestsOf(inputs), inputs.flags)

/** Whoever listens on a port of every address of the machine leaves none for the pods. */
export const requirePortsFree = async (inputs: EmbeddedInputs): Promise<void> => {
  const ports = declaredPorts(manifestsOf(inputs))
  const free = await Promise.all(ports.map((port) => isFree([UNUSED_ADDRESS], port)))
  const taken = ports.filter((_, index) => free[index] === false)
  if (taken.length === 0) return
  throw new UserError({
    code: 'stack-port-taken',
    message: `expected the ports of the stack's pods (${ports.join(', ')}) to be free on their loopback addresses, found ${taken.join(', ')} taken on all addresses of this machine`,
    hint: `stop that program, or let it listen on 127.0.0.1 alone; \`ss -ltnp 'sport = :${taken[0]}'\` names it`,
  })
}

/** A run that could not be kept is not begun. */
export const requireRunsWritable = async (runs: string): Promise<void> => {
  const folder = resolve(runs)
  try {
    await makeFolder(folder)
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new UserError({
      code: 'run-folder-unwritable',
      message: `expected a folder for runs that can be written at ${folder}, found: ${errorMessage(error)}`,
      hint: 'name another place with --runs DIR',
      exitCode: EXIT.usage,
      cause: error,
    })
  }
}

// --- Internal helpers ---

/** No pod and no node ever has it: a listener there is one on all addresses. */
const UNUSED_ADDRESS = '127.255.255.254'

const manifestsOf = ({ profile, rules, flags, engine }: EmbeddedInputs) =>
  renderStack({ profile, rules, flags, embedded: engine === undefined ? {} : { realEngine: engine.real } })
