export interface Addresses {
  /** The next free address, or null where all are in use. */
  acquire(): string | null
  release(address: string): void
}

const FIRST = 2
const LAST = 254

/**
 * Pod addresses `127.1.0.2` to `127.1.0.254`, in turn: an address comes round again only after all the others, so that
 * what still talks to a dead pod does not meet its successor.
 */
export const createAddresses = (network: string): Addresses => {
  const used = new Set<string>()
  let next = FIRST
  return {
    acquire: () => {
      for (let tries = FIRST; tries <= LAST; tries += 1) {
        const address = `${network}.0.${next}`
        next = next === LAST ? FIRST : next + 1
        if (used.has(address)) continue
        used.add(address)
        return address
      }
      return null
    },
    release: (address) => void used.delete(address),
  }
}
