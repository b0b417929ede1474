import type { IncomingMessage } from 'node:http'

/** vLLM's AuthenticationMiddleware: whether a request has a key, or asks for something that needs none. */
export const mayEnter = ({ method, headers }: IncomingMessage, path: string, keys: readonly string[]): boolean => {
  if (keys.length === 0 || method === 'OPTIONS' || !GUARDED.some((prefix) => path.startsWith(prefix))) return true
  const [scheme = '', ...token] = (headers.authorization ?? '').split(' ')
  return scheme.toLowerCase() === 'bearer' && keys.includes(token.join(' '))
}

// --- Internal helpers ---

const GUARDED = ['/v1', '/v2', '/inference', '/cohere']
