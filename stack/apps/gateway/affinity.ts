import type { IncomingMessage } from 'node:http'
import type { Affinity } from './flags/policy.ts'
import { promptStart } from './flags/transform.ts'

/** As routers that want to find prefixes in the cache again cut them. */
const PREFIX_CHARACTERS = 256

/** Requests with the same key belong together; null where each goes its own way. */
export const affinityKey = (affinity: Affinity, { socket }: IncomingMessage, body: Buffer): string | null => {
  if (affinity === 'client') return socket.remoteAddress ?? ''
  return affinity === 'prefix' ? promptStart(body, PREFIX_CHARACTERS) : null
}
