import { EXIT, type ExitCode } from '../core/errors.ts'
import { stopCluster } from '../cluster/cluster.ts'
import { type Context, stateRoot } from './context.ts'

/** Ends with no process, port or file of the cluster, whatever state it was found in. */
export const down = async ({ env, err }: Context, { name }: { name: string }): Promise<ExitCode> => {
  await stopCluster({ name, stateRoot: stateRoot(env) })
  err(`cluster "${name}" is gone\n`)
  return EXIT.pass
}
