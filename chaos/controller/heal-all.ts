import { type Clock, systemClock } from '../../lib/core/clock.ts'
import { UserError, errorMessage } from '../../lib/core/errors.ts'
import type { FaultRegistry, Observer } from '../../lib/core/fault.ts'
import { type FaultResource, isHealed, isOpen, phaseOf } from '../../lib/core/fault-resource.ts'
import { type Kube, isNotFound, reaching } from '../../lib/kube/client.ts'
import type { ControllerEvent } from './context.ts'
import { type Controller, startController } from './controller.ts'
import { askToEnd, waitFor } from './ending.ts'
import { listFaults } from './fault-store.ts'

export interface HealOptions {
  kube: Kube
  /** All namespaces where there is none. */
  namespace?: string
  holder: string
  onEvent?(event: ControllerEvent): void | Promise<void>
  observe?: Observer
  signal?: AbortSignal
  clock?: Clock
  faults?: FaultRegistry
  /** How long to wait for all of them, in milliseconds. */
  timeoutMs?: number
}

export interface HealReport {
  /** `namespace/name` of what was open and is healed now, or may be deleted now. */
  healed: string[]
  unhealed: { name: string; reason: string }[]
}

/** The Faults that `healAll` would end. A cluster without the CRD has none. */
export const openFaults = async (kube: Kube, namespace?: string): Promise<FaultResource[]> => {
  try {
    return (await reaching(kube, listFaults(kube, namespace))).filter(isOpen)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

/**
 * Ends every Fault that is open: asks on the object itself, so that a controller that runs does it, and does it here
 * where none runs. Their records stay, and nothing keeps them from being deleted. A namespace where nothing can be done keeps
 * nobody from healing the others.
 */
export const healAll = async (options: HealOptions): Promise<HealReport> => {
  const { kube, namespace, clock = systemClock, timeoutMs = 120_000, signal = new AbortController().signal } = options
  const open = await openFaults(kube, namespace)
  const inForce = open.filter((fault) => !isHealed(phaseOf(fault)))
  // Unasked, it is still ended by a healer of our own.
  await Promise.allSettled(inForce.map((fault) => askToEnd(kube, fault, clock)))
  const namespaces = [...new Set(open.map(({ metadata }) => metadata.namespace))]
  const started = await Promise.allSettled(namespaces.map((where) => healerOf(options, where, signal)))
  const failed = new Map(
    started.flatMap((end, index) => (end.status === 'rejected' ? [[namespaces[index], errorMessage(end.reason)]] : [])),
  )
  try {
    const waiting = { clock, deadline: clock.now() + timeoutMs, signal }
    const ends = await Promise.all(
      open.map((fault) =>
        failed.has(fault.metadata.namespace) ? fault : waitFor(kube, fault, (now) => !isOpen(now), waiting),
      ),
    )
    const left = ends.filter((end) => end !== null).filter(isOpen)
    const unhealed = left.map((fault) => ({
      name: fullName(fault),
      reason: `${phaseOf(fault)}: ${failed.get(fault.metadata.namespace) ?? fault.status?.message ?? 'no controller took it up'}`,
    }))
    const names = new Set(unhealed.map(({ name }) => name))
    return { healed: open.map(fullName).filter((name) => !names.has(name)), unhealed }
  } finally {
    await Promise.allSettled(started.map((end) => (end.status === 'fulfilled' ? end.value?.stop() : undefined)))
  }
}

// --- Internal helpers ---

const fullName = ({ metadata: { namespace, name } }: FaultResource): string => `${namespace}/${name}`

/** A controller of our own for this namespace, or null where one runs already: it has been asked. */
const healerOf = async (options: HealOptions, namespace: string, signal: AbortSignal): Promise<Controller | null> => {
  const { holder, onEvent = () => undefined, observe = { query: async () => [] } } = options
  try {
    // Not the holder's own name: a controller of the same process that holds the Lease is another one.
    const named = { ...options, namespace, observe, onEvent, signal, holder: `${holder}/heal` }
    return await startController({ ...named, whenHeld: 'refuse', healOnly: true })
  } catch (error) {
    if (error instanceof UserError && error.code === 'controller-running') return null
    throw error
  }
}
