import { z } from 'zod'
import { defineFault, type ActContext, type Observer } from '../../lib/core/fault.ts'
import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { Flag, flipped, parseFlags, withFlag } from '../../lib/core/flag-document.ts'

interface Plan {
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

const params = z.strictObject({
  flag: z.string().min(1).describe("A flag of the target's flag document"),
  variant: z.string().min(1).describe('The variant it is to give'),
  share: z.number().int().min(0).max(100).default(100).describe('Percent of targeting keys that get it'),
})

/** Incidents by configuration: the flag goes back by itself when its time is over, also when nobody is left to heal. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'feature-flag',
  summary: 'Flips a feature flag by a targeting rule that expires by itself',
  group: 'flags',
  requires: ['feature-flags'],
  needs: ['configmaps:get', 'configmaps:update'],
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: { moves: [], still: ['ready-replicas', 'ready-nodes', 'restarts'] },
  blast: 'clients',
  ends: { by: 'itself', how: 'the targeting rule carries the time at which it stops to apply' },
  draw: 'band',
  params,

  plan({ params: { flag, variant, share }, target: { namespace, can }, id, durationMs }) {
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
    return {
      ok: true,
      unavailable: 0,
      plan: { id, namespace, configMap, key, flag, variant, share, durationMs, original },
    }
  },

  async inject(context) {
    const { id, original, variant, share, durationMs } = context.plan
    const expiresAt = Math.ceil((context.injectedAt + durationMs) / 1_000)
    const flip = flipped(original, { variant, share, expiresAt, mark: { [FAULT_LABEL]: id } })
    await edit(context, (now) => (isOurs(now, id) ? null : flip))
  },

  async verify({ plan, observe, injectedAt }) {
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
  async heal(context) {
    await edit(context, (now) => (isOurs(now, context.plan.id) ? context.plan.original : null))
  },
})

// --- Internal helpers ---

const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason })

const isOurs = (flag: Flag | undefined, id: string): boolean => flag?.metadata?.[FAULT_LABEL] === id

/** Replaces the one flag, unless `change` says null; reads again where somebody else wrote in between. */
const edit = async (
  { plan, kube }: ActContext<Plan>,
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
