import { z } from 'zod'
import { startTask, stopTask } from '../../lib/core/container-task.ts'
import { defineFault, type Observer } from '../../lib/core/fault.ts'
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

/**
 * Weights that are exchanged, or a proxy that asks for it: whatever is under way is computed again from its first token. A prefix that
 * running requests share is back as soon as they are, so the hit rate falls only where requests come back to what nobody runs any more.
 */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'prefix-cache-reset',
  summary: 'Empties the prefix cache of serving pods again and again: what is under way is computed anew',
  group: 'cache',
  requires: ['exec', 'engine-dev-mode'],
  needs: ['pods:get', 'pods/exec:create', 'pods/exec:get'],
  moves: ['cache', 'latency', 'queue'],
  signals: {
    moves: [{ signal: 'preemptions', to: 'up' }],
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

  async verify({ plan, observe, clock, injectedAt }) {
    const since = Math.min(60, Math.max(10, Math.floor((clock.now() - injectedAt) / 1_000)))
    const before = await preemptions(observe, plan, `[30s] @ ${injectedAt / 1_000}`)
    const now = await preemptions(observe, plan, `[${since}s]`)
    const facts = { victims: plan.victims.map(({ name }) => name), before, now }
    if (now === null) return { bit: false, reason: 'no metrics of the victims in Prometheus', facts }
    const reason = `${now.toFixed(2)} requests a second lose their cache in the victims, ${(before ?? 0).toFixed(2)} before`
    return { bit: now > 0 && now > 2 * (before ?? 0), reason, facts }
  },

  async heal({ plan: { id, victims }, kube }) {
    await Promise.all(victims.map((victim) => run(kube, victim, stopTask({ id, pod: victim.name }))))
  },
})

// --- Internal helpers ---

/** A reset takes the blocks of whatever runs: vLLM counts each of those requests as preempted. */
const preemptions = async (observe: Observer, { namespace, victims }: Plan, window: string): Promise<number | null> => {
  const pods = victims.map(({ name }) => name).join('|')
  const series = `vllm:num_preemptions_total{namespace="${namespace}",pod=~"${pods}"}`
  return (await observe.query(`sum(rate(${series}${window}))`))[0]?.value ?? null
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
