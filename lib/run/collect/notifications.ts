import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../core/errors.ts'
import { RUN_FILES } from '../../core/run-folder.ts'
import type { Service } from '../connections.ts'
import { alertmanagerPoll } from './alertmanager.ts'
import { growingJsonl, type OnProblem } from './jsonl.ts'
import { receiverPoll } from './receiver.ts'

export interface NotificationsOptions {
  /** The stack's webhook receiver; where there is none, Alertmanager's own list is polled. */
  notifications: Service | null
  alertmanager: Service | null
  runDir: string
  /** Milliseconds since the epoch. */
  from: number
  onProblem: OnProblem
  signal: AbortSignal
}

const POLL_MS = 1_000

/** Records notifications until the signal, and once more after it. Never rejects; writes nothing where there is nobody to ask. */
export const collectNotifications = async (options: NotificationsOptions): Promise<void> => {
  const { notifications, alertmanager, runDir, from, onProblem, signal } = options
  const poll = notifications ? receiverPoll(notifications, from) : alertmanager ? alertmanagerPoll(alertmanager) : null
  if (poll === null) return
  const file = growingJsonl(join(runDir, RUN_FILES.notifications), onProblem)
  let failing = false
  const ask = async (): Promise<void> => {
    try {
      for (const notification of await poll()) file.append(notification)
      failing = false
    } catch (error) {
      if (!failing) onProblem(`notifications could not be read: ${errorMessage(error)}`)
      failing = true
    }
  }
  while (!signal.aborted) {
    await ask()
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
  await ask()
}
