import { allowedNamespaces, haltNamespace, releaseNamespace } from '../../chaos/controller/halt.ts'
import { EXIT, type ExitCode } from '../core/errors.ts'
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
  const namespaces = namespace === undefined ? await allowedNamespaces(kube) : [namespace]
  if (flags.release === true) {
    for (const one of namespaces) {
      await releaseNamespace(kube, one)
      context.out(`released  ${one}\n`)
    }
    return EXIT.pass
  }
  const { reason } = flags
  const text = `since ${new Date().toISOString()} by ${context.holder}${reason === undefined ? '' : `: ${reason}`}`
  // First of all: what is healed must not come back.
  for (const one of namespaces) {
    await haltNamespace(kube, one, text)
    context.out(`halted    ${one}\n`)
  }
  const exit = await healAndTell(context, kube, namespace)
  context.err('faults are refused there until `firedrill halt --release`, with the same flags\n')
  return exit
}
