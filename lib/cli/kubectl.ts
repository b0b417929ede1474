import { constants } from 'node:os'
import { execa } from 'execa'
import { UserError } from '../core/errors.ts'
import { toolPath } from '../toolchain/tools.mjs'
import type { Context } from './context.ts'
import { runningCluster } from './target.ts'

/** Kubernetes' own kubectl, pointed at the embedded cluster. Resolves with kubectl's exit code, whatever that is. */
export const kubectl = async (context: Context, args: readonly string[]): Promise<number> => {
  const { name, own } = splitName(args, context.env['FIREDRILL_CLUSTER_NAME'])
  const { kubeconfig } = runningCluster(context, name)
  return exitCodeOf(
    await execa(toolPath('kube'), ['kubectl', ...own], {
      env: { KUBECONFIG: kubeconfig },
      stdio: 'inherit',
      reject: false,
    }),
  )
}

/** Which cluster, and what kubectl gets: `--name` is ours in the first place only, for kubectl has flags of that name too. */
export const splitName = (
  args: readonly string[],
  named: string | undefined,
): { name: string; own: readonly string[] } => {
  const [first = '', second] = args
  if (first.startsWith('--name=')) return { name: first.slice('--name='.length), own: args.slice(1) }
  if (first !== '--name') return { name: named ?? 'default', own: args }
  if (second !== undefined) return { name: second, own: args.slice(2) }
  throw new UserError({
    code: 'cluster-name-missing',
    message: 'expected the name of a cluster after --name, found nothing',
    hint: 'firedrill kubectl --name CLUSTER get pods -A',
  })
}

/** As a shell tells it: 128 and the signal's number where one ended the program. Throws where it could not be started. */
export const exitCodeOf = (ended: {
  exitCode?: number | undefined
  signal?: NodeJS.Signals | undefined
  shortMessage?: string | undefined
}): number => {
  const { exitCode, signal, shortMessage } = ended
  if (exitCode !== undefined) return exitCode
  if (signal !== undefined) return 128 + constants.signals[signal]
  throw new Error(shortMessage)
}
