import type { ClusterInfo } from '../cluster/types.ts'
import { UserError } from '../core/errors.ts'
import type { TargetOptions } from '../core/target.ts'
import type { Context } from './context.ts'
import { ensureEmbedded, findEmbedded, targetOf } from './embedded.ts'
import type { EmbeddedInputs, EmbeddedOptions } from './embedded-inputs.ts'

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
  urlHeader?: string[]
}

/** Whether a cluster was named; the embedded one is for those who name none. */
export const isNamed = ({ kubeconfig, context, namespace, selector, url, prometheus }: TargetFlags): boolean =>
  [kubeconfig, context, namespace, selector, url, prometheus].some((flag) => flag !== undefined)

/** The named target, complete; throws with the flags that are missing. */
export const namedTarget = (flags: TargetFlags): TargetOptions => {
  const { kubeconfig, context, namespace, selector, url, prometheus, alertmanager, notifications } = flags
  const { header = [], urlHeader = [] } = flags
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
  refuseEmbeddedFlags(flags)
  return {
    namespace,
    selector,
    url,
    prometheus,
    headers: header,
    urlHeaders: urlHeader,
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
  inputs: EmbeddedInputs | null,
): Promise<{ target: TargetOptions; started: boolean }> => {
  if (inputs === null) return { target: namedTarget(flags), started: false }
  const { target, started } = await ensureEmbedded(context, flags, inputs)
  return { target, started }
}

/** The target of a command that must not start anything: named, or an embedded cluster that runs. */
export const runningTarget = async (context: Context, flags: TargetFlags): Promise<TargetOptions> =>
  targetOf(runningCluster(context, flags.name))

/** An embedded cluster that runs, whatever became of its stack. */
export const runningCluster = (context: Pick<Context, 'env'>, name: string): ClusterInfo => {
  const found = findEmbedded(context, name)
  if (found !== null) return found
  throw new UserError({
    code: 'cluster-not-running',
    message: `expected the embedded cluster "${name}" to run, found none`,
    hint: `start it with \`firedrill up${nameFlag(name)}\`, or name a cluster of yours with --kubeconfig`,
  })
}

/** As it follows a command in a hint. */
export const nameFlag = (name: string): string => (name === 'default' ? '' : ` --name ${name}`)

// --- Internal helpers ---

/** What firedrill can only do to the stack that it deployed itself. */
const refuseEmbeddedFlags = ({ rules, engine, profile, apiPort }: TargetFlags): void => {
  const given = Object.entries({ rules, engine, profile, 'api-port': apiPort }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`],
  )
  if (given.length === 0) return
  throw new UserError({
    code: 'flag-for-embedded',
    message: `expected ${given.join(', ')} for the embedded cluster only, found a cluster of your own named beside it`,
    hint: 'rules of your own cluster are judged as they are: load them into its Prometheus first, and leave the flag out',
  })
}
