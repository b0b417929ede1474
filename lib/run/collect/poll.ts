import type { Notification } from '../../core/run-folder.ts'
import type { Service } from '../connections.ts'

/** What has been said since the last time it was asked. */
export type Poll = () => Promise<Notification[]>

const TIMEOUT_MS = 5_000

/** The body of a GET; throws with the status where it is not 2xx. */
export const getText = async ({ endpoint, fetch }: Service, path: string): Promise<string> => {
  const { headers, url } = endpoint
  const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
  const text = await response.text()
  if (!response.ok) throw new Error(`HTTP ${response.status} at ${url}${path}: ${text.slice(0, 200)}`)
  return text
}
