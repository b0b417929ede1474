import { connect as dial, createServer, type Socket } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'

export interface Cable extends AsyncDisposable {
  /** A kubeconfig whose connections run through this cable. */
  kubeconfig: string
  cut(): void
  mend(): void
}

/** A TCP relay in front of the API server that can be cut: a network that is gone for one client only. */
export const layCable = async (kubeconfig: string): Promise<Cable> => {
  const text = await readFile(kubeconfig, 'utf8')
  const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1])
  const sockets = new Set<Socket>()
  let whole = true
  const relay = createServer((near) => {
    if (!whole) return void near.destroy()
    const far = dial(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined).on('close', () => (sockets.delete(from), to.destroy()))
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const address = relay.address()
  const own = typeof address === 'object' ? address?.port : 0
  const path = `${kubeconfig}-cable-${own}`
  await writeFile(path, text.replace(`127.0.0.1:${port}`, `127.0.0.1:${own}`), { mode: 0o600 })
  const drop = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    kubeconfig: path,
    cut() {
      whole = false
      drop()
    },
    mend: () => void (whole = true),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => relay.close(resolve))
      drop()
      await closed
    },
  }
}
