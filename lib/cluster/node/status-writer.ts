import { setTimeout as delay } from 'node:timers/promises'
import { isConflict, isNotFound } from '../../kube/errors.ts'
import type { RawClient } from '../../kube/raw.ts'
import type { V1Pod } from '../../kube/pod-types.ts'
import type { PodStatus } from './pod-status.ts'

export interface StatusWriter {
  /** Something may have changed: computed and sent in a moment, once for all changes until then. */
  touch(): void
  /**
   * What the API has: sent again where it is not what was sent last about readiness. The node controller takes it from all
   * pods of a node whose heartbeat it missed, and the kubelet is the one to give it back.
   */
  seen(pod: V1Pod): void
  /** Resolves when the status as it is now has been sent, or can no longer be. */
  flush(): Promise<void>
  /** Nothing is sent any more. */
  close(): void
}

const RETRY_MS = 500
const MAX_RETRY_MS = 30_000

/** Sends a pod's status where it changed, one patch at a time. Refuses to touch a later pod of the same name. */
export const createStatusWriter = (
  api: RawClient,
  pod: V1Pod,
  compute: () => PodStatus,
  onError: (error: unknown) => void,
): StatusWriter => {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`
  let sent = ''
  let sentReady: string | undefined
  let closed = false
  let dirty = false
  let retryMs = RETRY_MS
  let running: Promise<void> | null = null

  const send = async (): Promise<void> => {
    // One turn of the loop: what changes together is told together.
    await new Promise((resolve) => setImmediate(resolve))
    while (dirty && !closed) {
      dirty = false
      const status = compute()
      const text = JSON.stringify(status)
      if (text === sent) continue
      try {
        await api('PATCH', path, { body: { metadata: { uid }, status }, patch: 'strategic-merge' })
        sent = text
        sentReady = readiness(status)
        retryMs = RETRY_MS
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) closed = true
        else {
          onError(error)
          dirty = true
          await delay(retryMs)
          retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)
        }
      }
    }
    running = null
  }
  const touch = (): void => {
    dirty = true
    running ??= send()
  }
  return {
    touch,
    seen: ({ status }) => {
      if (sentReady === undefined || readiness(status) === sentReady) return
      sent = ''
      touch()
    },
    flush: async () => {
      touch()
      await running
    },
    close: () => {
      closed = true
    },
  }
}

// --- Internal helpers ---

const readiness = (status: { conditions?: { type: string; status: string }[] } | undefined): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.status
