import { inForce, type UpstreamRule } from '../../../../lib/core/upstream-rules.ts'
import { Link } from './link.ts'

/** The connections to all replicas, and what is done to them. */
export interface Links {
  agentOf(pod: string): Link
  /** In place of all rules before; each ends when its time is over. */
  apply(rules: readonly UpstreamRule[]): void
  /** Rules that are in force, of replicas that there are or not. */
  rules(): number
  /** The pod is gone for good. */
  forget(pod: string): void
  close(): void
}

/** Idle connections go before vLLM's server (uvicorn) closes them after 5 s: a request must not meet a closing one. */
const IDLE_MS = 4_000
const AGENT = { keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4_096, timeout: IDLE_MS }

/** A change of the clock moves the ends of rules, which are looked at again at least this often. */
const LOOK_MS = 1_000

export const createLinks = (random: () => number = Math.random, now: () => number = Date.now): Links => {
  const links = new Map<string, Link>()
  let rules: readonly UpstreamRule[] = []
  let timer: NodeJS.Timeout | undefined
  const enforce = (): void => {
    clearTimeout(timer)
    rules = rules.filter(({ expiresAt }) => now() < expiresAt)
    for (const [pod, link] of links) link.apply(inForce(rules, pod, now()))
    if (rules.length === 0) return
    const next = Math.min(...rules.map(({ expiresAt }) => expiresAt)) - now()
    timer = setTimeout(enforce, Math.min(next, LOOK_MS))
  }
  return {
    agentOf: (pod) => {
      const known = links.get(pod)
      if (known !== undefined) return known
      const link = new Link(AGENT, random)
      link.apply(inForce(rules, pod, now()))
      links.set(pod, link)
      return link
    },
    apply: (given) => {
      rules = given
      enforce()
    },
    rules: () => rules.length,
    forget: (pod) => {
      links.get(pod)?.destroy()
      links.delete(pod)
    },
    close: () => {
      clearTimeout(timer)
      for (const link of links.values()) link.destroy()
    },
  }
}
