import { z } from 'zod'
import {
  type ActContext,
  defineFault,
  type FaultDefinition,
  type Observer,
  type PlanContext,
  type Planned,
} from '../../lib/core/fault.ts'
import { type FaultEvidence, FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { Flag, flipped, parseFlags, withFlag } from '../../lib/core/flag-document.ts'

/** What is written down of a flip before it is made. */
export interface FlagPlan {
  id: string
  namespace: string
  configMap: string
  key: string
  flag: string
  variant: string
  share: number
  durationMs: number
  /** The flag as it was; healing puts back exactly this. */
  original: Flag
}

/** The same for every fault that flips a flag: their params lie side by side in one CRD. */
export const Share = z.number().int().min(0).max(100).default(100).describe('Percent of targeting keys that get it')

export const planFlip = (
  { flag, variant, share }: Pick<FlagPlan, 'flag' | 'variant' | 'share'>,
  { target: { namespace, can }, id, durationMs }: Pick<PlanContext<unknown>, 'target' | 'id' | 'durationMs'>,
): Planned<FlagPlan> => {
  const flags = can['feature-flags']
  if (flags?.ok !== true) return refuse(`expected a ConfigMap with feature flags in ${namespace}, found none`)
  const known = parseFlags(flags.document).flags
  const original = known[flag]
  if (original === undefined) return refuse(`expected a flag (${Object.keys(known).join(', ')}), found "${flag}"`)
  const variants = Object.keys(original.variants)
  if (!variants.includes(variant))
    return refuse(`expected a variant of ${flag} (${variants.join(', ')}), found "${variant}"`)
  if (original.state === 'DISABLED')
    return refuse(`expected ${flag} to be ENABLED, found DISABLED: no rule of it is read`)
  if (original.defaultVariant === variant)
    return refuse(`expected another variant of ${flag} than its default, found "${variant}"`)
  const other = original.metadata?.[FAULT_LABEL]
  if (other !== undefined) return refuse(`${flag} is flipped already, by ${other}`)
  const { configMap, key } = flags
  const plan = { id, namespace, configMap, key, flag, variant, share, durationMs, original }
  return { ok: true, unavailable: 0, plan }
}

/** The parts that all faults by flag have: the flip carries its own end, and healing takes it back before that. */
export const FLIP = {
  group: 'flags',
  requires: ['feature-flags'],
  needs: ['configmaps:get', 'configmaps:update'],
  blast: 'clients',
  ends: { by: 'itself', how: 'the targeting rule carries the time at which it stops to apply' },
  draw: 'band',

  async inject(context: ActContext<FlagPlan>): Promise<void> {
    const { id, original, variant, share, durationMs } = context.plan
    const expiresAt = Math.ceil((context.injectedAt + durationMs) / 1_000)
    const flip = flipped(original, { variant, share, expiresAt, mark: { [FAULT_LABEL]: id } })
    await edit(context, (now) => (isOurs(now, id) ? null : flip))
  },

  async verify({ plan, observe, injectedAt }: ActContext<FlagPlan>): Promise<FaultEvidence> {
    const { flag, variant } = plan
    const series = `gateway_flag_evaluations_total{namespace="${plan.namespace}",flag="${flag}",variant="${variant}"}`
    const [before, now] = [
      await counters(observe, `${series} @ ${injectedAt / 1_000}`),
      await counters(observe, series),
    ]
    const increase = [...now].reduce((sum, [labels, value]) => sum + grown(before.get(labels) ?? 0, value), 0)
    const reason = `${increase} evaluations of ${flag} gave "${variant}" since the flip`
    return { bit: increase > 0, reason, facts: { query: series, increase, series: now.size } }
  },

  // What no longer carries our mark was never flipped, or is somebody's own edit by now.
  async heal(context: ActContext<FlagPlan>): Promise<void> {
    await edit(context, (now) => (isOurs(now, context.plan.id) ? context.plan.original : null))
  },
} as const satisfies Partial<FaultDefinition<never, FlagPlan>>

export interface FlagFault<Variant extends string> extends Pick<
  FaultDefinition,
  'name' | 'summary' | 'moves' | 'signals'
> {
  flag: string
  /** What the flag may be turned to; the first is what it is turned to unless told otherwise. */
  variants: readonly [Variant, ...Variant[]]
}

/** A fault that turns one flag of the gateway's (chaos/flags/flags.json) for a share of the requests. */
export const defineFlagFault = <Variant extends string>({ flag, variants, ...fault }: FlagFault<Variant>) => {
  const [first, ...others] = variants
  const variant = z.enum(variants).default(first).describe('The variant that the flag is to give')
  const params: z.ZodType<{ share: number; variant?: Variant }> =
    others.length === 0 ? z.strictObject({ share: Share }) : z.strictObject({ share: Share, variant })
  return defineFault<{ share: number; variant?: Variant }, FlagPlan>({
    ...FLIP,
    ...fault,
    params,
    plan: ({ params: given, ...context }) =>
      planFlip({ flag, variant: given.variant ?? first, share: given.share }, context),
  })
}

// --- Internal helpers ---

const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason })

const isOurs = (flag: Flag | undefined, id: string): boolean => flag?.metadata?.[FAULT_LABEL] === id

/** Replaces the one flag, unless `change` says null; reads again where somebody else wrote in between. */
const edit = async (
  { plan, kube }: ActContext<FlagPlan>,
  change: (now: Flag | undefined) => Flag | null,
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const text = await kube.readConfigMapKey(plan.configMap, plan.key)
    if (text === null) return
    const document = parseFlags(text)
    const flag = change(document.flags[plan.flag])
    if (flag === null) return
    try {
      return await kube.writeConfigMapKey(plan.configMap, plan.key, withFlag(document, plan.flag, flag), text)
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}

const counters = async (observe: Observer, query: string): Promise<Map<string, number>> =>
  new Map(
    (await observe.query(query)).map(({ labels, value }) => [JSON.stringify(Object.entries(labels).sort()), value]),
  )

/** A counter that fell was started again from 0. */
const grown = (before: number, now: number): number => (now >= before ? now - before : now)
