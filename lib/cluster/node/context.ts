import type { RawClient } from '../../kube/raw.ts'
import type { Addresses } from './addresses.ts'
import type { NodeAgentConfig } from './config.ts'
import type { EventRecorder } from './events.ts'
import type { Kill } from './leftovers.ts'
import type { MemoryWatch } from './memory.ts'
import type { ObjectCache } from './object-cache.ts'

/** What all parts of one agent share. */
export interface AgentContext {
  config: NodeAgentConfig
  api: RawClient
  objects: ObjectCache
  events: EventRecorder
  addresses: Addresses
  memory: MemoryWatch
  kill: Kill
  /** The few variables of the agent's own environment that containers see too: PATH, HOME, … */
  hostEnv: Record<string, string>
  /** Milliseconds since the epoch. */
  now(): number
  /** One line for the agent's own log. */
  log(message: string): void
}
