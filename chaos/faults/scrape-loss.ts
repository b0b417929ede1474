import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { SCRAPE_MARK, SCRAPE_PORT } from '../scrape/annotations.ts'

interface Plan {
  id: string
  namespace: string
  victim: { name: string; uid: string; node: string }
  /** The annotation as it was; healing puts back exactly this. */
  original: string
  port: string
}

const params = z.strictObject({
  port: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(9)
    .describe('Where Prometheus is sent to: nothing may listen there'),
})

/** The pod serves on, and nobody sees it: alerts about it are about the monitoring. Prometheus looks at pods every few seconds. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'scrape-loss',
  summary: 'Points Prometheus at a closed port of one serving pod',
  group: 'observability',
  requires: ['scrape-annotations'],
  needs: ['pods:get', 'pods:patch'],
  moves: ['availability'],
  signals: {
    moves: [{ signal: 'targets-up', to: 'down' }],
    still: ['ready-replicas', 'request-rate', 'failed-requests', 'restarts', 'ready-nodes'],
  },
  blast: 'telemetry',
  ends: { by: 'controller', how: 'the annotation gets its value back; a pod that is replaced has it anyway' },
  draw: 'band',
  params,

  plan({ params: { port }, target: { namespace, selector, pods, can }, random, id }) {
    const ports = can['scrape-annotations']?.ok === true ? can['scrape-annotations'].ports : {}
    const annotated = pods.filter(({ ready, uid }) => ready && ports[uid] !== undefined)
    const [victim] = random.pick(annotated, 1).map(({ name, uid, node }) => ({ name, uid, node }))
    const original = ports[victim?.uid ?? '']
    if (victim === undefined || original === undefined)
      return { ok: false, reason: `expected a ready pod of "${selector}" with ${SCRAPE_PORT}, found none` }
    if (original === String(port))
      return { ok: false, reason: `expected another port than ${port}, which ${victim.name} is scraped at` }
    return { ok: true, unavailable: 0, plan: { id, namespace, victim, original, port: String(port) } }
  },

  // Only from the recorded value: somebody else's edit, and another fault's, is left alone.
  async inject({ plan: { id, victim, original, port }, kube }) {
    await kube.changePod(victim, ({ annotations }) =>
      annotations[SCRAPE_PORT] === original && annotations[SCRAPE_MARK] === undefined
        ? { annotations: { [SCRAPE_PORT]: port, [SCRAPE_MARK]: id } }
        : null,
    )
  },

  async verify({ plan: { namespace, victim }, observe }) {
    const query = `up{namespace="${namespace}",pod="${victim.name}"}`
    const values = (await observe.query(query)).map(({ value }) => value)
    const [down, up] = [values.includes(0), values.includes(1)]
    const reason = `${victim.name} ${down && !up ? 'cannot be' : values.length === 0 ? 'is not' : 'is'} scraped`
    return { bit: down && !up, reason, facts: { query, values } }
  },

  async heal({ plan: { id, victim, original }, kube }) {
    await kube.changePod(victim, ({ annotations }) =>
      annotations[SCRAPE_MARK] === id ? { annotations: { [SCRAPE_PORT]: original, [SCRAPE_MARK]: null } } : null,
    )
  },
})
