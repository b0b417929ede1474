import { EXIT, type ExitCode } from '../core/errors.ts'
import type { TargetOptions } from '../core/target.ts'
import type { Context } from './context.ts'
import { ensureEmbedded } from './embedded.ts'
import { type EmbeddedOptions, readInputs } from './embedded-inputs.ts'

/** Leaves a cluster with the stack running, and says how others reach it. */
export const up = async (context: Context, options: EmbeddedOptions): Promise<ExitCode> => {
  const start = performance.now()
  const { target, cluster, started } = await ensureEmbedded(context, options, await readInputs(context, options))
  const seconds = ((performance.now() - start) / 1_000).toFixed(1)
  context.status('')
  context.err(
    `cluster "${cluster.name}" ${started ? 'is ready' : 'was running; its stack is up to date'} after ${seconds} s\n`,
  )
  context.out(`${asFlags(target).join(' \\\n  ')}\n`)
  return EXIT.pass
}

// --- Internal helpers ---

/** The target as `firedrill run` takes it from anybody else. */
const asFlags = (target: TargetOptions): string[] => {
  const { kubeconfig, namespace, selector, url, prometheus, alertmanager, notifications } = target
  const flags = { kubeconfig, namespace, selector, url, prometheus, alertmanager, notifications }
  return Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag} ${value}`]))
}
