import { createServer } from 'node:net'

/** A TCP port that was free on all these addresses a moment ago, `preferred` where possible. */
export const findPort = async (addresses: readonly string[], preferred?: number): Promise<number> => {
  if (preferred !== undefined && (await isFree(addresses, preferred))) return preferred
  for (;;) {
    const port = await ephemeralPort(addresses[0] ?? '127.0.0.1')
    if (await isFree(addresses, port)) return port
  }
}

export const isFree = async (addresses: readonly string[], port: number): Promise<boolean> => {
  const bound = await Promise.all(addresses.map((address) => bind(address, port)))
  return bound.every((result) => result !== null)
}

// --- Internal helpers ---

const ephemeralPort = async (address: string): Promise<number> => {
  const port = await bind(address, 0)
  if (port === null) throw new Error(`no free port on ${address}`)
  return port
}

/** Binds, closes, and says which port it was. */
const bind = (address: string, port: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    })
    server.listen({ host: address, port, exclusive: true }, () => {
      const bound = server.address()
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : null))
    })
  })
