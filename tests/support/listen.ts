import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'

/** Listens on a free port of the loopback address. */
export const listen = async (server: Server | SecureServer): Promise<{ url: string; close(): Promise<void> }> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${address.port}`, close }
}
