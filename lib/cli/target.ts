import { UserError } from '../core/errors.ts'
import type { TargetOptions } from '../core/target.ts'
import type { Context } from './context.ts'
import { ensureEmbedded, findEmbedded, type EmbeddedOptions } from './embedded.ts'

export interface TargetFlags extends EmbeddedOptions {
  kubeconfig?: string
  context?: string
  namespace?: string
  selector?: string
  url?: string
  prometheus?: string
  alertmanager?: string
  notifications?: string
  header?: string[]
}

/** Whether a cluster was named; the embedded one is for those who name none. */
export const isNamed = ({ kubeconfig, context, url, prometheus }: TargetFlags): boolean =>
  [kubeconfig, context, url, prometheus].some((flag) => flag !== undefined)

/** The named target, complete; throws with the flags that are missing. */
export const namedTarget = (flags: TargetFlags): TargetOptions => {
  const { kubeconfig, context, namespace, selector, url, prometheus, alertmanager, notifications, header = [] } = flags
  if (namespace === undefined || selector === undefined || url === undefined || prometheus === undefined) {
    const missing = Object.entries({ namespace, selector, url, prometheus }).flatMap(([flag, value]) =>
      value === undefined ? [`--${flag}`] : [],
    )
    throw new UserError({
      code: 'target-incomplete',
      message: `expected --namespace, --selector, --url and --prometheus beside the cluster, found no ${missing.join(', ')}`,
      hint: 'name them, or leave out all of them to use the embedded cluster',
    })
  }
  return {
    namespace,
    selector,
    url,
    prometheus,
    headers: header,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(alertmanager !== undefined && { alertmanager }),
    ...(notifications !== undefined && { notifications }),
  }
}

/** The target of a run: the named one, or the embedded cluster, started where it does not run. */
export const resolveTarget = async (
  context: Context,
  flags: TargetFlags,
): Promise<{ target: TargetOptions; started: boolean }> => {
  if (isNamed(flags)) return { target: namedTarget(flags), started: false }
  const { target, started } = await ensureEmbedded(context, flags)
  return { target, started }
}

/** The target of a command that must not start anything: named, or an embedded cluster that runs. */
export const runningTarget = async (context: Context, flags: TargetFlags): Promise<TargetOptions> => {
  const found = await findEmbedded(context, flags.name)
  if (found !== null) return found
  throw new UserError({
    code: 'cluster-not-running',
    message: `expected the embedded cluster "${flags.name}" to run, found none`,
    hint: 'start it with `firedrill up`, or name a cluster of yours with --kubeconfig',
  })
}
