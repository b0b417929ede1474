import { readFileSync } from 'node:fs'
import { UserError } from '../core/errors.ts'
import { type Lock, tryLock } from './lock.ts'

export interface PodNetwork {
  /** `127.N`: the first two octets. */
  prefix: string
  lock: Lock
}

/** What the owner of a network holds, machine-wide, for as long as it uses it. */
export const networkLockName = (prefix: string): string => `pod-network ${prefix}`

/** The lowest network 127.N.0.0/16 that nobody holds and where nothing listens: also not a pod that a killed cluster of another user left. */
export const claimPodNetwork = async (): Promise<PodNetwork> => {
  for (let number = 1; number <= LAST; number++) {
    const prefix = `127.${number}`
    const lock = await tryLock(networkLockName(prefix))
    if (lock === null) continue
    if (!listeningIn(prefix, readFileSync('/proc/net/tcp', 'utf8'))) return { prefix, lock }
    await lock.release()
  }
  throw new UserError({
    code: 'pod-network-none-free',
    message: `expected a free network among 127.1.0.0/16 to 127.${LAST}.0.0/16, found all in use`,
    hint: 'stop clusters that are no longer needed: firedrill down --name NAME',
  })
}

/** Whether the table, in the format of /proc/net/tcp, has a listening socket in `prefix`.0.0/16. */
export const listeningIn = (prefix: string, table: string): boolean => {
  const octets = prefix.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))
  // Addresses are little-endian there: 127.1.0.2 is 0200017F.
  const ending = octets.toReversed().join('').toUpperCase()
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .some(([, local, , state]) => state === LISTEN && local?.slice(4, 8) === ending)
}

// --- Internal helpers ---

const LAST = 250
const LISTEN = '0A'
