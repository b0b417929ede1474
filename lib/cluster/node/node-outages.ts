import { MAX_TIMER_MS } from '../../core/clock.ts'
import { readOutage, DOWN_ANNOTATION } from '../../core/node-outage.ts'
import { errorMessage } from '../../core/errors.ts'
import type { V1Node } from '../../kube/pod-types.ts'
import type { AgentContext } from './context.ts'
import type { Machine } from './machine.ts'
import type { Register } from './nodes.ts'
import { pause } from './pause.ts'

export interface NodeOutages {
  /** The API's newest word on the node; null where somebody deleted it. */
  seen(node: V1Node | null): void
  /** Takes the node down and up again as its annotation says, until the signal. */
  run(register: Register, signal: AbortSignal): Promise<void>
}

/** A node that cannot be written is tried again after this. */
const RETRY_MS = 1_000

/**
 * The outage of one node. All that is known of it stands in the node's own annotation, with its end: an agent that is
 * started anew goes on with it, and it is over in time when nobody is left to end it.
 */
export const createNodeOutages = (
  context: Pick<AgentContext, 'api' | 'now' | 'log'>,
  machine: Pick<Machine, 'spec' | 'isUp' | 'cut' | 'boot'>,
  onCut: () => void,
): NodeOutages => {
  const { api, now, log } = context
  const { name } = machine.spec
  /** Undefined until the API was heard: the agent may have cut the machine for an outage that goes on. */
  let node: V1Node | null | undefined
  let changed = new AbortController()

  const leftMs = (): number => (readOutage(node?.metadata?.annotations)?.until ?? 0) - now()
  const goDown = async (): Promise<void> => {
    log(`node ${name} loses its power`)
    const cut = machine.cut()
    onCut()
    await cut
  }
  /** Up, and the API knows it; an outage that is over leaves no annotation. */
  const goUp = async (register: Register): Promise<void> => {
    if (!machine.isUp()) {
      log(`node ${name} has its power again`)
      machine.boot()
    }
    if (node && !isReady(node)) await register(machine.spec)
    if (!node || readOutage(node.metadata?.annotations) === null) return
    const { resourceVersion } = node.metadata ?? {}
    const body = { metadata: { resourceVersion, annotations: { [DOWN_ANNOTATION]: null } } }
    await api('PATCH', `/api/v1/nodes/${name}`, { body, patch: 'merge' })
  }
  return {
    seen: (newer) => {
      node = newer
      changed.abort()
    },
    run: async (register, signal) => {
      while (!signal.aborted) {
        changed = new AbortController()
        let againMs = MAX_TIMER_MS
        try {
          if (node === undefined) againMs = MAX_TIMER_MS
          else if (leftMs() > 0) {
            if (machine.isUp()) await goDown()
            againMs = Math.max(0, leftMs())
          } else await goUp(register)
        } catch (error) {
          // A conflict: the node's newer version is under way to us.
          againMs = RETRY_MS
          if (!signal.aborted) log(`node ${name}: ${errorMessage(error)}`)
        }
        await pause(Math.min(MAX_TIMER_MS, againMs), AbortSignal.any([signal, changed.signal]))
      }
    },
  }
}

// --- Internal helpers ---

const isReady = ({ status }: V1Node): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
