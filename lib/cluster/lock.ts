import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/** Released by `release`, and by the kernel when the process dies: never stale. */
export interface Lock {
  release(): Promise<void>
}

/**
 * A lock for the whole machine, or null where somebody holds it. It is a listening Unix socket in Linux' abstract
 * namespace: no file, so nothing of it outlives a `kill -9`.
 */
export const tryLock = (name: string): Promise<Lock | null> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    const digest = createHash('sha256').update(name).digest('hex').slice(0, 40)
    server.listen({ path: `\0firedrill-${digest}` }, () => {
      server.unref()
      resolve({ release: () => close(server) })
    })
  })

// --- Internal helpers ---

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
  })
