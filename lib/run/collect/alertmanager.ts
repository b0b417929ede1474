import { z } from 'zod'
import type { Notification } from '../../core/run-folder.ts'
import type { Service } from '../connections.ts'
import { getText, type Poll } from './poll.ts'

/** GET /api/v2/alerts (Alertmanager's OpenAPI): the fields that are read. */
const GettableAlerts = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    startsAt: z.string(),
    fingerprint: z.string(),
    status: z.object({ state: z.string() }),
  }),
)

type Alert = Notification['alerts'][number]

/**
 * Where there is no receiver to ask: what Alertmanager holds, told as notifications at the time it was first seen to
 * hold an alert or to hold it no more. Silenced and inhibited alerts notify nobody and are left out.
 */
export const alertmanagerPoll = (alertmanager: Service): Poll => {
  let held = new Map<string, Alert>()
  return async () => {
    const text = await getText(alertmanager, '/api/v2/alerts?active=true&silenced=false&inhibited=false')
    const now = Date.now()
    const current = new Map(activeAlerts(text).map((alert) => [`${alert.fingerprint}/${alert.startsAt}`, alert]))
    const started = [...current].filter(([key]) => !held.has(key)).map(([, alert]) => alert)
    const ended = [...held].filter(([key]) => !current.has(key)).map(([, alert]) => resolved(alert, now))
    held = current
    return [notification(now, 'firing', started), notification(now, 'resolved', ended)].flat()
  }
}

// --- Internal helpers ---

const activeAlerts = (text: string): Alert[] =>
  GettableAlerts.parse(JSON.parse(text))
    .filter(({ status }) => status.state === 'active')
    .map(({ labels, startsAt, fingerprint }) => ({
      status: 'firing',
      labels,
      startsAt: Date.parse(startsAt),
      endsAt: null,
      fingerprint,
    }))

const resolved = (alert: Alert, endsAt: number): Alert => ({ ...alert, status: 'resolved', endsAt })

const notification = (receivedAt: number, status: string, alerts: Alert[]): Notification[] =>
  alerts.length === 0 ? [] : [{ receivedAt, status, alerts }]
