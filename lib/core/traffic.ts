import { z } from 'zod'
import { type LoadPlan, mostUsers } from './load.ts'

const share = z.number().gt(0).max(1)

/**
 * What the load does otherwise while a traffic fault is in force. It stands in the fault's recorded plan under `traffic`, and k6
 * does it: in the cluster nothing is changed, and with k6 it ends.
 */
export const Traffic = z.discriminatedUnion('kind', [
  /** More users, or more requests: `factor` times what the load has when it begins, or so many requests a second on top. */
  z.object({ kind: z.literal('surge'), factor: z.number().nullable(), perSecond: z.number().nullable() }),
  /** The user's own part of the prompt, of this share of requests. */
  z.object({ kind: z.literal('longer-prompts'), share, factor: z.number(), tokens: z.number() }),
  /** This share of requests begins as no other does. */
  z.object({ kind: z.literal('unique-prefixes'), share }),
  /** This share of requests is given up by its user. */
  z.object({
    kind: z.literal('leaving'),
    share,
    cancel: z.union([z.object({ afterTokens: z.number() }), z.object({ afterMs: z.number() })]),
  }),
])
export type Traffic = z.infer<typeof Traffic>

/** As it stands in a plan; the seed is for what is drawn by lot, request by request. */
export const TrafficPlan = z.object({ traffic: Traffic, seed: z.number() })
export type TrafficPlan = z.infer<typeof TrafficPlan>

/** Of a request beyond the load: what it may take, so that the surge comes in time. */
const IN_FLIGHT_S = 10

/** Virtual users that have to be ready for this: k6 makes none while it runs. */
export const usersFor = (traffic: Traffic, load: LoadPlan): number => {
  if (traffic.kind !== 'surge') return 0
  const { factor, perSecond } = traffic
  return factor === null ? Math.ceil((perSecond ?? 0) * IN_FLIGHT_S) : Math.ceil((factor - 1) * mostUsers(load))
}

/** Why this load cannot be pressed so, or null where it can. */
export const trafficRefusal = (traffic: Traffic, load: LoadPlan): string | null =>
  traffic.kind === 'surge' && traffic.factor !== null && load.kind === 'arrivals' && load.arrivals.process === 'trace'
    ? 'expected requestsPerSecond for a surge over a replayed trace, found a factor: nobody knows the rate of a trace ahead'
    : null
