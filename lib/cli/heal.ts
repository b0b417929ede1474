import { healAll, openFaults } from '../../chaos/controller/heal-all.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { EXIT, type ExitCode } from '../core/errors.ts'
import { phaseOf } from '../core/fault-resource.ts'
import { leftOver } from '../core/left-over.ts'
import type { Kube } from '../kube/client.ts'
import { serverClock } from '../kube/server-clock.ts'
import { clusterOf } from './cluster-of.ts'
import type { Context } from './context.ts'
import { describeEvent } from './describe-event.ts'
import { renderTable } from './table.ts'
import type { TargetFlags } from './target.ts'

/** Heals what anybody left; all that it needs to know is in the cluster. */
export const heal = async (context: Context, flags: TargetFlags & { dryRun?: boolean }): Promise<ExitCode> => {
  const { kube, namespace } = clusterOf(context, flags)
  return flags.dryRun === true ? listOpen(context, kube, namespace) : healAndTell(context, kube, namespace)
}

/** Exit code 3 where something is left. */
export const healAndTell = async (context: Context, kube: Kube, namespace: string | undefined): Promise<ExitCode> => {
  const report = await healAll({
    kube,
    ...(namespace === undefined ? {} : { namespace }),
    holder: context.holder,
    signal: context.signal,
    onEvent: (event) => {
      const line = describeEvent(event)
      if (line !== null) context.status(`${line.who}: ${line.text}`)
    },
  })
  context.status('')
  for (const name of report.healed) context.out(`healed    ${name}\n`)
  for (const { name, reason } of report.unhealed) context.out(`unhealed  ${name}: ${reason}\n`)
  if (report.healed.length + report.unhealed.length === 0) context.out('nothing to heal\n')
  return report.unhealed.length > 0 ? EXIT.unhealed : EXIT.pass
}

// --- Internal helpers ---

const listOpen = async (context: Context, kube: Kube, namespace: string | undefined): Promise<ExitCode> => {
  // When they were injected is told in the API server's time.
  const now = (await serverClock(kube)).now()
  const rows = (await openFaults(kube, namespace)).map((fault) => [
    `${fault.metadata.namespace}/${fault.metadata.name}`,
    fault.spec.kind,
    phaseOf(fault),
    leftOver(fault, faults[fault.spec.kind] ?? UNKNOWN, now),
  ])
  context.out(rows.length === 0 ? 'nothing to heal\n' : renderTable([['FAULT', 'KIND', 'PHASE', 'ENDS'], ...rows]))
  return EXIT.pass
}

/** Of another version of firedrill. */
const UNKNOWN = { ends: { by: 'controller', how: 'this firedrill does not know its kind' } } as const
