import { Notification } from '../../core/run-folder.ts'
import type { Service } from '../connections.ts'
import { getText, type Poll } from './poll.ts'

/** The stack's webhook receiver. `since` includes its own millisecond, so lines come twice and are known by their text. */
export const receiverPoll = (receiver: Service, from: number): Poll => {
  let since = from
  let seen = new Set<string>()
  return async () => {
    const text = await getText(receiver, `/notifications?since=${since}`)
    const lines = text.split('\n').filter((line) => line !== '')
    const fresh = lines.filter((line) => !seen.has(line)).map((line) => Notification.parse(JSON.parse(line)))
    since = Math.max(since, ...fresh.map(({ receivedAt }) => receivedAt))
    seen = new Set(lines)
    return fresh
  }
}
