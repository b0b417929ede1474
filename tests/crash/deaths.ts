import { apiServerGone, etcdRestarted } from './deaths/api.ts'
import { clockAhead, clockBehind } from './deaths/clock.ts'
import { controllerGone } from './deaths/controller.ts'
import { creatorKilled } from './deaths/creator.ts'
import type { Lane } from './lane.ts'
import type { Case } from './life.ts'
import type { Snapshot } from './snapshot.ts'

/** Something else than the controller that dies, or is wrong, while a fault is in force. */
export interface Death {
  name: string
  /** What it finds is another with every fault: it is tried with each. */
  everyFault?: true
  /** Nothing that it could find undone is done by such a fault: that all is well then proves nothing. */
  nothingToUndo?(fault: Case): boolean
  /** Everything that should not be as it is afterwards; empty where all is well. */
  befall(lane: Lane, fault: Case, before: Snapshot): Promise<string[]>
}

export const deaths: readonly Death[] = [
  creatorKilled,
  apiServerGone,
  etcdRestarted,
  clockAhead,
  clockBehind,
  controllerGone,
]
