import { allowedNamespaces, haltNamespace, releaseNamespace } from '../../chaos/controller/halt.ts'
import { errorMessage, EXIT, type ExitCode, UserError } from '../core/errors.ts'
import type { Kube } from '../kube/client.ts'
import type { Context } from './context.ts'
import { clusterOf } from './cluster-of.ts'
import { healAndTell } from './heal.ts'
import type { TargetFlags } from './target.ts'

/** The red button: nothing new is injected, a drill that runs ends, everything is healed; until `--release`. */
export const halt = async (
  context: Context,
  flags: TargetFlags & { release?: boolean; reason?: string },
): Promise<ExitCode> => {
  const { kube, namespace } = clusterOf(context, flags)
  if (flags.release === true) {
    for (const one of namespace === undefined ? await allowedNamespaces(kube) : [namespace]) {
      await releaseNamespace(kube, one)
      context.out(`released  ${one}\n`)
    }
    return EXIT.pass
  }
  const { reason } = flags
  const text = `since ${new Date().toISOString()} by ${context.holder}${reason === undefined ? '' : `: ${reason}`}`
  // First of all: what is healed must not come back. What cannot be halted is healed all the same.
  const { halted, refused } = await haltAll(kube, namespace, text)
  for (const one of halted) context.out(`halted    ${one}\n`)
  const healed = await healAndTell(context, kube, namespace).catch((error: unknown) => {
    throw refused.length === 0 ? error : new SuppressedError(notHalted(refused, EXIT.fail), error)
  })
  if (halted.length > 0) {
    context.err('faults are refused there until `firedrill halt --release`, with the same flags\n')
  }
  if (refused.length > 0) throw notHalted(refused, healed === EXIT.pass ? EXIT.fail : healed)
  return healed
}

// --- Internal helpers ---

interface Halted {
  halted: string[]
  /** What could not be done, and why. */
  refused: string[]
}

const haltAll = async (kube: Kube, namespace: string | undefined, text: string): Promise<Halted> => {
  const done: Halted = { halted: [], refused: [] }
  const asked = namespace === undefined ? allowedNamespaces(kube) : Promise.resolve([namespace])
  const namespaces = await asked.catch((error: unknown) => {
    done.refused.push(`the namespaces that take faults could not be listed: ${errorMessage(error)}`)
    return []
  })
  const ends = await Promise.allSettled(namespaces.map((one) => haltNamespace(kube, one, text)))
  for (const [index, one] of namespaces.entries()) {
    const end = ends[index]
    if (end?.status === 'rejected') done.refused.push(`${one} was not: ${errorMessage(end.reason)}`)
    else done.halted.push(one)
  }
  return done
}

const notHalted = (refused: readonly string[], exitCode: ExitCode): UserError =>
  new UserError({
    code: 'not-halted',
    message: `expected every namespace that takes faults to be halted, found that ${refused.join('; ')}`,
    hint: 'new faults may still come there: ask for the right to list and patch namespaces, or name one with --namespace; who has it can also write `kubectl annotate namespace NAME firedrill.dev/halted=why`',
    exitCode,
  })
