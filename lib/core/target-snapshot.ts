import type { Answers } from './capability.ts'

/** A serving pod as planning sees it. */
export interface ServingPod {
  name: string
  uid: string
  node: string
  ready: boolean
  image: string
  /** How often its containers were started again, and what the first waiting or ended one says (`CrashLoopBackOff`, `Error`). */
  restarts?: number
  reason?: string | null
  /** Its startup probes have passed: what is not ready now is not a cold start. */
  started?: boolean
  /** The hash of the pod template that it was made from. */
  revision?: string
  /** A controller makes another one when it is gone. False: deleted, it is gone for good. Old snapshots do not say. */
  owned?: boolean
}

/** The state of the target at planning time. Faults choose from it; they never look again. */
export interface TargetSnapshot {
  namespace: string
  selector: string
  pods: ServingPod[]
  /** What the target said to each capability that the fault asks for. */
  can: Answers
}

/** Whose end is not for good. */
export const isReplaced = ({ owned }: Pick<ServingPod, 'owned'>): boolean => owned !== false
