import { z } from 'zod'
import { startTask, stopTask, taskRuns } from '../../lib/core/container-task.ts'
import { defineFault, type ActContext, type Observer } from '../../lib/core/fault.ts'
import type { ExecPod } from '../../lib/core/fault-kube/exec.ts'
import { run } from '../exec/run.ts'

interface Plan {
  id: string
  namespace: string
  victims: (ExecPod & { address: string; port: number })[]
  everySeconds: number
  seconds: number
}

const params = z.strictObject({
  count: z.number().int().positive().optional().describe('Ready serving pods; all of them without it'),
  everySeconds: z.number().int().positive().default(2).describe('Seconds between two resets of one pod'),
})

/** One reset is made good by the next prompts that share a prefix; what lasts is a cache that never gets warm. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'prefix-cache-reset',
  summary: 'Empties the prefix cache of serving pods again and again',
  group: 'cache',
  requires: ['exec', 'engine-dev-mode'],
  needs: ['pods:get', 'pods/exec:create', 'pods/exec:get'],
  moves: ['cache', 'latency', 'queue'],
  signals: {
    moves: [{ signal: 'prefix-hit-rate', to: 'down' }],
    still: ['ready-replicas', 'restarts', 'targets-up', 'ready-nodes', 'prompt-tokens'],
  },
  blast: 'workload',
  ends: { by: 'itself', how: 'the loop in the container counts its seconds' },
  draw: 'band',
  params,

  plan({ params: { count, everySeconds }, target: { namespace, pods, selector, can }, random, id, durationMs }) {
    const engines = can['engine-dev-mode']?.ok === true ? can['engine-dev-mode'].engines : {}
    const { exec } = can
    const open = pods.flatMap(({ name, uid, ready }) => {
      const engine = engines[uid]
      return !ready || engine === undefined || exec?.ok !== true
        ? []
        : [{ name, uid, container: exec.container, address: engine.address, port: engine.port }]
    })
    if (open.length < (count ?? 1)) {
      const reason = `expected ${count ?? 1} ready pods of "${selector}" with development endpoints, found ${open.length}`
      return { ok: false, reason }
    }
    const victims = random.pick(open, count ?? open.length)
    const plan = { id, namespace, victims, everySeconds, seconds: Math.ceil(durationMs / 1_000) }
    return { ok: true, plan, unavailable: 0 }
  },

  async inject({ plan: { id, victims, everySeconds, seconds }, kube }) {
    await Promise.all(
      victims.map(async (victim) => {
        const args = [seconds, everySeconds, victim.address, victim.port].map(String)
        await run(kube, victim, startTask({ id, pod: victim.name }, 'bash', RESET, args))
      }),
    )
  },

  async verify(context) {
    const { plan, kube, observe, injectedAt } = context
    const running = await Promise.all(
      plan.victims.map(async (victim) => {
        const result = await kube.exec(victim, taskRuns({ id: plan.id, pod: victim.name }))
        return result?.exitCode === 0
      }),
    )
    const [before, now] = [
      await hitRate(observe, plan, `${WINDOW} @ ${injectedAt / 1_000}`),
      await hitRate(observe, plan, `[${sinceSeconds(context)}s]`),
    ]
    const loops = running.filter(Boolean).length
    const facts = { loops, victims: plan.victims.map(({ name }) => name), before, now }
    if (before === null || now === null)
      return { bit: false, reason: 'no prompts in the victims, so no hit rate', facts }
    const reason = `${percent(now)} of the victims' prompt tokens were found in the cache since the first reset, ${percent(before)} before`
    return { bit: now < before * (1 - LEAST_DROP), reason, facts }
  },

  async heal({ plan: { id, victims }, kube }) {
    await Promise.all(victims.map((victim) => run(kube, victim, stopTask({ id, pod: victim.name }))))
  },
})

// --- Internal helpers ---

/** Of the hit rate, in the victims, that counts as a bite. */
const LEAST_DROP = 0.2
const WINDOW = '[30s]'

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** Long enough for two scrapes, and never back to before the injection where that can be had. */
const sinceSeconds = ({ clock, injectedAt }: ActContext<Plan>): number =>
  Math.min(60, Math.max(10, Math.floor((clock.now() - injectedAt) / 1_000)))

const hitRate = async (observe: Observer, { namespace, victims }: Plan, window: string): Promise<number | null> => {
  const pods = victims.map(({ name }) => name).join('|')
  const rate = (counter: string): string => `sum(rate(${counter}{namespace="${namespace}",pod=~"${pods}"}${window}))`
  const query = `${rate('vllm:prefix_cache_hits_total')} / ${rate('vllm:prefix_cache_queries_total')}`
  const value = (await observe.query(query))[0]?.value
  return value === undefined || Number.isNaN(value) ? null : value
}

// Requests under way hold their blocks: they have to start again, or the engine refuses. In bash for its /dev/tcp, since an image of
// vLLM need not have a client for HTTP.
const RESET = `
trap 'exit' TERM
end=$((SECONDS + $1))
while [ "$SECONDS" -lt "$end" ]; do
  (
    exec 3<>"/dev/tcp/$3/$4" || exit
    printf 'POST /reset_prefix_cache?reset_running_requests=true HTTP/1.1\\r\\nHost: %s\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n' "$3" >&3
    cat <&3
  )
  sleep "$2" & wait "$!"
done
`
