import { capabilities } from '../../chaos/capabilities/registry.gen.ts'
import { needsOfMeans, usable } from '../../chaos/controller/means.ts'
import { answering, needsOf } from '../../chaos/controller/needs.ts'
import { notPermitted } from '../../chaos/controller/refusals/permission.ts'
import { requireAllowed } from '../../chaos/controller/safety.ts'
import { servingState } from '../../chaos/controller/serving.ts'
import { askTarget } from '../../chaos/controller/snapshot.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { byGroup, requirementWords } from '../core/by-group.ts'
import { type Answers, type CapabilityName, missing } from '../core/capability.ts'
import { UserError } from '../core/errors.ts'
import type { AnyFault, Observer } from '../core/fault.ts'
import { openConnections } from '../run/connections.ts'
import type { Context } from './context.ts'
import { isNamed, runningTarget, type TargetFlags } from './target.ts'

/** The catalogue: what each fault is, takes and needs of its target. */
export const faultRows = (): string[][] => [
  ['FAULT', 'GROUP', 'HITS', 'ENDS BY', 'CAPABILITIES', 'SUMMARY'],
  ...byGroup(Object.values(faults)).map((fault) => [
    fault.name,
    fault.group,
    fault.blast,
    fault.ends.by,
    requirementWords(fault).join(', ') || '-',
    fault.summary,
  ]),
]

/** Which of them work on this target, and why the others do not: capabilities and rights, asked for. Changes nothing. */
export const targetRows = async (context: Context, flags: TargetFlags): Promise<string[][]> => {
  const target = isNamed(flags) ? named(flags) : await runningTarget(context, flags)
  const { namespace, selector } = target
  const { kube, prometheus } = openConnections({ ...target, prometheus: target.prometheus ?? NOWHERE })
  await requireAllowed(kube, namespace)
  const observe = target.prometheus === undefined ? UNNAMED : prometheus
  const { pods } = await servingState(kube, namespace, selector)
  const all = byGroup(Object.values(faults))
  const can = await askTarget({ kube, namespace, selector, pods, observe, run: null }, NAMES)
  const denied = await notPermitted(
    kube,
    namespace,
    all.flatMap((fault) => [...needsOf(fault, answering(can)), ...needsOfMeans(fault.means ?? {}, can)]),
  )
  return [
    ['FAULT', 'GROUP', 'WORKS', 'WHY NOT'],
    ...all.map((fault) => {
      const own = usable(fault.means ?? {}, can, { namespace, denied })
      const lacking = needsOf(fault, answering(own)).filter((need) => denied.includes(need))
      return [fault.name, fault.group, ...works(fault, own, lacking)]
    }),
  ]
}

/** Whether a fault works, and why not: here, or at least in a run, whose k6 carries out what is done to the load. */
export const works = (
  { requires }: Pick<AnyFault, 'requires'>,
  can: Answers,
  lacking: readonly string[],
): [string, string] => {
  const rights = `expected the right to ${lacking.join(', ')}, found that RBAC does not give it`
  const whyNot = (answers: Answers): string[] =>
    [missing(requires, answers), lacking.length === 0 ? null : rights].filter((reason) => reason !== null)
  const here = whyNot(can)
  if (here.length === 0) return ['yes', '']
  const inRun = whyNot({ ...can, 'load-client': { ok: true, run: '' } })
  return inRun.length === 0 ? ['in a run', here.join('; ')] : ['no', inRun.join('; ')]
}

// --- Internal helpers ---

// The registry has one for each name.
const NAMES = Object.values(capabilities).map(({ name }) => name satisfies CapabilityName)

/** What is not asked for is not answered with nothing. */
export const UNNAMED: Observer = {
  query: () => Promise.reject(new Error('no Prometheus was named (--prometheus)')),
}

/** Never asked. */
const NOWHERE = 'http://127.0.0.1:9'

const named = ({ kubeconfig, context, namespace, selector, prometheus, header = [] }: TargetFlags) => {
  if (namespace === undefined || selector === undefined) {
    throw new UserError({
      code: 'target-incomplete',
      message: 'expected --namespace and --selector beside the cluster',
      hint: 'they name the serving pods; --prometheus lets the target be asked for its GPUs too',
    })
  }
  return {
    namespace,
    selector,
    prometheus,
    url: '',
    headers: header,
    urlHeaders: [],
    ...(kubeconfig && { kubeconfig }),
    ...(context && { context }),
  }
}
