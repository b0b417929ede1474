import { startController } from '../../chaos/controller/controller.ts'
import { installCrd } from '../../chaos/controller/install.ts'
import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import { openConnections } from '../run/connections.ts'
import type { Context } from './context.ts'
import { describeEvent } from './describe-event.ts'
import { isNamed, runningTarget, type TargetFlags } from './target.ts'

/** The fault controller alone, for clusters where it lives as a Deployment or a person keeps it running. */
export const controller = async (context: Context, flags: TargetFlags): Promise<ExitCode> => {
  const target = isNamed(flags) ? controllerTarget(flags) : await runningTarget(context, flags)
  const { kube, prometheus } = openConnections({ ...target, selector: '', url: '', urlHeaders: [] })
  await installCrd(kube, target.namespace)
  const running = await startController({
    kube,
    namespace: target.namespace,
    observe: { query: (promql) => prometheus.query(promql) },
    holder: context.holder,
    onEvent: (event) => {
      const line = describeEvent(event)
      if (line !== null) context.err(`${line.who}  ${line.text}\n`)
    },
    signal: context.signal,
  })
  context.err(`acting on Faults in ${target.namespace}; Ctrl-C stops it\n`)
  await running.done
  return EXIT.pass
}

// --- Internal helpers ---

const controllerTarget = ({ kubeconfig, context, namespace, prometheus, header = [] }: TargetFlags) => {
  if (namespace === undefined || prometheus === undefined) {
    throw new UserError({
      code: 'target-incomplete',
      message: 'expected --namespace and --prometheus beside the cluster',
      hint: 'Prometheus is what tells whether a fault bit',
    })
  }
  return { namespace, prometheus, headers: header, ...(kubeconfig && { kubeconfig }), ...(context && { context }) }
}
