import { type Clock, systemClock } from '../../lib/core/clock.ts'
import { UserError } from '../../lib/core/errors.ts'
import type { AnyFault, Observer } from '../../lib/core/fault.ts'
import { END_ANNOTATION, type FaultPhase, type FaultResource } from '../../lib/core/fault-resource.ts'
import { type Kube, isNotFound } from '../../lib/kube/client.ts'
import type { ControllerEvent } from './context.ts'
import { type Controller, startController } from './controller.ts'
import { listFaults, readFault, updateMetadata } from './fault-store.ts'

const POLL_MS = 500

export interface HealOptions {
  kube: Kube
  /** All namespaces where there is none. */
  namespace?: string
  holder: string
  onEvent?(event: ControllerEvent): void | Promise<void>
  observe?: Observer
  signal?: AbortSignal
  clock?: Clock
  faults?: readonly AnyFault[]
  /** How long to wait for all of them, in milliseconds. */
  timeoutMs?: number
}

export interface HealReport {
  /** `namespace/name` of what was under way and is healed now. */
  healed: string[]
  unhealed: { name: string; reason: string }[]
}

/**
 * Ends every Fault that is not healed: asks on the object itself, so that a controller that runs does it, and does it here
 * where none runs. Their records stay.
 */
export const healAll = async (options: HealOptions): Promise<HealReport> => {
  const { kube, namespace, clock = systemClock, timeoutMs = 120_000, signal = new AbortController().signal } = options
  const open = (await faultsOf(kube, namespace)).filter((fault) => !isHealed(phaseOf(fault)))
  await Promise.all(
    open.map((fault) =>
      updateMetadata(kube, fault, ({ annotations }) => ({
        annotations: { [END_ANNOTATION]: new Date(clock.now()).toISOString(), ...annotations },
      })),
    ),
  )
  const controllers = await Promise.all(
    [...new Set(open.map(({ metadata }) => metadata.namespace))].map((where) => healerOf(options, where, signal)),
  )
  const deadline = clock.now() + timeoutMs
  try {
    const ends = await Promise.all(open.map((fault) => waitHealed(kube, fault, { clock, deadline, signal })))
    return {
      healed: open.filter((_, index) => ends[index] === null).map(fullName),
      unhealed: open.flatMap((fault, index) => {
        const reason = ends[index]
        return typeof reason === 'string' ? [{ name: fullName(fault), reason }] : []
      }),
    }
  } finally {
    await Promise.all(controllers.map((controller) => controller?.stop()))
  }
}

// --- Internal helpers ---

const phaseOf = ({ status }: FaultResource): FaultPhase => status?.phase ?? 'Pending'

const isHealed = (phase: FaultPhase): boolean => phase === 'Healed' || phase === 'Recovered' || phase === 'Failed'

const fullName = ({ metadata: { namespace, name } }: FaultResource): string => `${namespace}/${name}`

/** A cluster without the CRD has no Faults. */
const faultsOf = async (kube: Kube, namespace: string | undefined): Promise<FaultResource[]> => {
  try {
    return await listFaults(kube, namespace)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

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

interface Waiting {
  clock: Clock
  deadline: number
  signal: AbortSignal
}

/** Null once it is healed, otherwise why not. */
const waitHealed = async (
  kube: Kube,
  fault: FaultResource,
  { clock, deadline, signal }: Waiting,
): Promise<string | null> => {
  for (;;) {
    const now = await readFault(kube, fault.metadata)
    if (now === null || now.metadata.uid !== fault.metadata.uid || isHealed(phaseOf(now))) return null
    if (signal.aborted || clock.now() > deadline)
      return `${phaseOf(now)}: ${now.status?.message ?? 'no controller took it up'}`
    await clock.sleep(POLL_MS, signal)
  }
}
