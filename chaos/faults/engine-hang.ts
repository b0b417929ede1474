import { z } from 'zod'
import { startTask, stopTask } from '../../lib/core/container-task.ts'
import { ENGINE_FUNCTIONS, REQUIRE_ENGINE } from '../../lib/core/engine-process.ts'
import { defineFault } from '../../lib/core/fault.ts'
import type { ExecPod } from '../../lib/core/fault-kube/exec.ts'
import { run } from '../exec/run.ts'

interface Plan {
  id: string
  victims: (ExecPod & { node: string })[]
  seconds: number
}

const params = z.strictObject({
  count: z.number().int().positive().default(1).describe('Ready serving pods whose engine process is stopped'),
})

/** The gray failure: the server answers /health and /metrics, the pod stays ready, and no request moves any more. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'engine-hang',
  summary: 'Stops the engine process of serving pods: they stay ready, and nothing moves in them',
  group: 'serving',
  requires: ['exec'],
  needs: ['pods:get', 'pods/exec:create', 'pods/exec:get'],
  moves: ['throughput', 'queue', 'latency'],
  signals: {
    moves: [{ signal: 'working-replicas', to: 'down' }],
    still: ['ready-replicas', 'restarts', 'targets-up', 'ready-nodes'],
  },
  blast: 'pod',
  ends: { by: 'itself', how: 'a timer in the container lets the process go on' },
  draw: 'band',
  params,

  plan({ params: { count }, target: { pods, selector, can }, random, id, durationMs }) {
    const ready = pods.filter((pod) => pod.ready)
    if (can.exec?.ok !== true || ready.length < count) {
      const reason = `expected ${count} ready pods of "${selector}" that run commands, found ${can.exec?.ok === true ? ready.length : 0}`
      return { ok: false, reason }
    }
    const { container } = can.exec
    const victims = random.pick(ready, count).map(({ name, uid, node }) => ({ name, uid, node, container }))
    return { ok: true, plan: { id, victims, seconds: Math.ceil(durationMs / 1_000) }, unavailable: count }
  },

  async inject({ plan: { id, victims, seconds }, kube }) {
    await Promise.all(
      victims.map(async (victim) => {
        await run(kube, victim, ['sh', '-c', STARTABLE])
        await run(kube, victim, startTask({ id, pod: victim.name }, 'sh', HOLD, [String(seconds)]))
      }),
    )
  },

  async verify({ plan: { victims }, kube }) {
    const states = await Promise.all(victims.map((victim) => run(kube, victim, ['sh', '-c', STATES])))
    const stopped = victims.filter((_, index) => /^(T\s*)+$/.test(states[index] ?? ''))
    const reason = `the engine processes of ${stopped.length} of ${victims.length} victims are stopped`
    return {
      bit: stopped.length === victims.length,
      reason,
      facts: { stopped: stopped.map(({ name }) => name), states },
    }
  },

  // The timer in the container knows which processes it stopped, and when they were started: it lets them go on, and nobody else's.
  async heal({ plan: { id, victims }, kube }) {
    await Promise.all(victims.map((victim) => run(kube, victim, stopTask({ id, pod: victim.name }))))
  },
})

// --- Internal helpers ---

const STATES = `${ENGINE_FUNCTIONS}for pid in $(engines); do state "$pid"; done`

const STARTABLE = `${ENGINE_FUNCTIONS}${REQUIRE_ENGINE}`

/**
 * Stops them only once it can let them go on: by its timer, or when it is told to, which it then is once more every while. A process
 * that another fault holds is left to that one.
 */
const HOLD = `${ENGINE_FUNCTIONS}
held=""
release() {
  for one in $held; do
    [ "$(started "\${one%:*}")" = "\${one#*:}" ] && kill -CONT "\${one%:*}"
  done
}
trap 'trap "" TERM; kill "$timer"; release; exit' TERM
sleep "$1" & timer="$!"
for pid in $(engines); do
  [ "$(state "$pid")" = T ] && continue
  since="$(started "$pid")"
  [ -n "$since" ] || continue
  held="$held $pid:$since"; kill -STOP "$pid"
done
wait "$timer"
trap "" TERM
release
`
