import { createServer } from 'node:net'

/**
 * Below the ports that Linux gives to outgoing connections (`ip_local_port_range`: 32768 to 60999): one of those may be taken between
 * the look and the use. Also below Kubernetes' node ports.
 */
const FIRST = 20_000
const COUNT = 10_000
const MOST_TRIES = 1_000

/** A TCP port that was free on all these addresses a moment ago, `preferred` where possible. */
export const findPort = async (
  addresses: readonly string[],
  preferred?: number,
  random: () => number = Math.random,
): Promise<number> => {
  if (preferred !== undefined && (await isFree(addresses, preferred))) return preferred
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const port = FIRST + Math.floor(random() * COUNT)
    if (await isFree(addresses, port)) return port
  }
  throw new Error(`no free port on ${addresses.join(', ')} from ${FIRST} to ${FIRST + COUNT - 1}`)
}

export const isFree = async (addresses: readonly string[], port: number): Promise<boolean> => {
  const bound = await Promise.all(addresses.map((address) => bind(address, port)))
  return bound.every(Boolean)
}

// --- Internal helpers ---

/** Binds and closes; false where somebody else has the port. */
const bind = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    server.listen({ host: address, port, exclusive: true }, () => {
      server.close(() => resolve(true))
    })
  })
