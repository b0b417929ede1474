import type { Notification, SampleSeries } from '../../lib/core/run-folder.ts'

/** One alert instance (one label set) from pending to resolved. Times are evaluation timestamps, milliseconds since the epoch. */
export interface Episode {
  alert: string
  /** Which of the alert's label sets: the same text for the same set. */
  instance: string
  /** When it became pending, or fired at once. */
  activeAt: number
  firedAt: number | null
  /** The first evaluation without it; null where it was still there when the data end. */
  resolvedAt: number | null
  /** False where only Alertmanager's webhook tells of it. */
  sampled: boolean
}

export interface EpisodeSource {
  /** Raw ALERTS samples: one series per label set and state. */
  alerts: readonly SampleSeries[]
  notifications: readonly Notification[]
  /** E of the alert's group. */
  evaluationMs: (alert: string) => number
  /** Where the samples end. */
  observedTo: number | null
}

/** Episodes of every alert by name, in order of time. A gap of more than one and a half evaluations ends one. */
export const findEpisodes = ({
  alerts,
  notifications,
  evaluationMs,
  observedTo,
}: EpisodeSource): Map<string, Episode[]> => {
  const found: Episode[] = []
  for (const instance of instances(alerts)) {
    found.push(...split(instance, evaluationMs(instance.alert), observedTo))
  }
  found.push(...unsampled(notifications, found, evaluationMs))
  found.sort((a, b) => a.activeAt - b.activeAt || (a.firedAt ?? Infinity) - (b.firedAt ?? Infinity))
  return Map.groupBy(found, ({ alert }) => alert)
}

/** When Alertmanager's webhook told of this episode, or null. */
export const notifiedAt = (episode: Episode, notifications: readonly Notification[]): number | null => {
  const { alert, activeAt, firedAt, resolvedAt } = episode
  if (firedAt === null) return null
  const times = notifications
    .filter(({ receivedAt, alerts }) => receivedAt >= firedAt - CLOCK_MS && alerts.some(matches))
    .map(({ receivedAt }) => receivedAt)
  return times.length === 0 ? null : Math.min(...times)

  function matches({ status, labels, startsAt }: Notification['alerts'][number]): boolean {
    const within = startsAt >= activeAt - CLOCK_MS && (resolvedAt === null || startsAt <= resolvedAt)
    return status === 'firing' && labels.alertname === alert && within
  }
}

// --- Internal helpers ---

type Point = readonly [at: number, firing: boolean]

interface Instance {
  alert: string
  identity: string
  points: Point[]
}

/** Prometheus rounds startsAt to milliseconds, and the receiver's clock may be another machine's. */
const CLOCK_MS = 1_000

const instances = (series: readonly SampleSeries[]): Instance[] => {
  const byIdentity = new Map<string, Instance>()
  for (const { labels, samples } of series) {
    const { alertname, alertstate, __name__: _, ...rest } = labels
    if (alertname === undefined) continue
    const identity = JSON.stringify([alertname, Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))])
    const instance = byIdentity.get(identity) ?? { alert: alertname, identity, points: [] }
    byIdentity.set(identity, instance)
    for (const [at, value] of samples) if (value !== 0) instance.points.push([at, alertstate === 'firing'])
  }
  return [...byIdentity.values()]
}

const split = ({ alert, identity, points }: Instance, evaluationMs: number, observedTo: number | null): Episode[] => {
  const episodes: Episode[] = []
  let open: { episode: Episode; lastAt: number } | null = null
  for (const [at, firing] of points.toSorted((a, b) => a[0] - b[0] || Number(a[1]) - Number(b[1]))) {
    const gone = open !== null && at - open.lastAt > 1.5 * evaluationMs
    const restarted = open !== null && open.episode.firedAt !== null && !firing
    if (open === null || gone || restarted) {
      if (open !== null) open.episode.resolvedAt = open.lastAt + evaluationMs
      const episode: Episode = {
        alert,
        instance: identity,
        activeAt: at,
        firedAt: null,
        resolvedAt: null,
        sampled: true,
      }
      open = { episode, lastAt: at }
      episodes.push(episode)
    }
    if (firing) open.episode.firedAt ??= at
    open.lastAt = at
  }
  if (open !== null && observedTo !== null && observedTo - open.lastAt > 1.5 * evaluationMs) {
    open.episode.resolvedAt = open.lastAt + evaluationMs
  }
  return episodes
}

/** What the webhook told and no sample shows: the samples may be torn, and a page that went out is a fact. */
const unsampled = (
  notifications: readonly Notification[],
  sampled: readonly Episode[],
  evaluationMs: (alert: string) => number,
): Episode[] => {
  const found = new Map<string, Episode>()
  for (const { status, labels, startsAt, endsAt, fingerprint } of notifications.flatMap(({ alerts }) => alerts)) {
    const alert = labels.alertname
    if (alert === undefined) continue
    const slack = evaluationMs(alert) + CLOCK_MS
    const covers = (episode: Episode): boolean =>
      episode.alert === alert &&
      // Only what fires is told of: where the samples end at pending, those of the firing are lost.
      episode.firedAt !== null &&
      startsAt >= episode.activeAt - slack &&
      startsAt <= (episode.resolvedAt ?? Infinity) + slack
    if (sampled.some(covers)) continue
    const resolvedAt = status === 'resolved' ? endsAt : null
    const key = `${fingerprint} ${startsAt}`
    const known = found.get(key)
    if (known !== undefined) known.resolvedAt ??= resolvedAt
    else
      found.set(key, {
        alert,
        instance: fingerprint,
        activeAt: startsAt,
        firedAt: startsAt,
        resolvedAt,
        sampled: false,
      })
  }
  return [...found.values()]
}
