import { z } from 'zod'
import type { Notification } from '../../../lib/core/run-folder.ts'

/** Alertmanager's webhook body (version 4): the fields that are kept. */
export const WebhookBody = z.object({
  status: z.string(),
  alerts: z.array(
    z.object({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      startsAt: z.iso.datetime({ offset: true }),
      endsAt: z.iso.datetime({ offset: true }),
      fingerprint: z.string(),
    }),
  ),
})
export type WebhookBody = z.infer<typeof WebhookBody>

/** `receivedAt` in milliseconds since the epoch. */
export const toNotification = ({ status, alerts }: WebhookBody, receivedAt: number): Notification => ({
  receivedAt,
  status,
  alerts: alerts.map(({ startsAt, endsAt, ...alert }) => ({
    ...alert,
    startsAt: Date.parse(startsAt),
    endsAt: endTime(endsAt),
  })),
})

// --- Internal helpers ---

/** Go's zero time, the year 1, stands for an alert that has not ended. */
const endTime = (text: string): number | null => {
  const time = Date.parse(text)
  return time > 0 ? time : null
}
