import { execa } from 'execa'
import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import { findCluster } from '../cluster/cluster.ts'
import { toolPath } from '../toolchain/tools.mjs'
import { type Context, stateRoot } from './context.ts'

/** Kubernetes' own kubectl, pointed at the embedded cluster; its exit code is kubectl's. */
export const kubectl = async (context: Context, args: string[]): Promise<ExitCode> => {
  const name = context.env['FIREDRILL_CLUSTER_NAME'] ?? 'default'
  const cluster = findCluster({ name, stateRoot: stateRoot(context.env) })
  if (cluster === null) {
    throw new UserError({
      code: 'cluster-not-running',
      message: `expected the embedded cluster "${name}" to run, found none`,
      hint: 'start it with `firedrill up`',
    })
  }
  const { exitCode } = await execa(toolPath('kube'), ['kubectl', ...args], {
    env: { KUBECONFIG: cluster.kubeconfig },
    stdio: 'inherit',
    reject: false,
  })
  return (exitCode ?? EXIT.fail) as ExitCode
}
