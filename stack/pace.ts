import { z } from 'zod'
import { formatDuration } from '../lib/core/duration.ts'
import type { Manifest } from '../lib/kube/apply.ts'
import {
  type Container,
  editConfigMap,
  editContainers,
  editYaml,
  editWorkload,
  isWorkload,
  withArg,
  Workload,
} from './manifest.ts'
import type { StackProfile } from './profiles.ts'

/** One manifest at the pace of a profile: scrape and evaluation intervals, notification delays, probes. */
export const forProfile = (manifest: Manifest, profile: StackProfile): Manifest => {
  const edits = [
    editConfigMap(
      'prometheus',
      editYaml('prometheus.yml', PrometheusConfig, (config) => prometheusPace(config, profile)),
    ),
    editConfigMap(
      'alertmanager',
      editYaml('alertmanager.yml', RouteConfig, (config) => routePace(config, profile)),
    ),
    editWorkload('prometheus', (workload) =>
      editContainers(workload, (container) =>
        withArg(container, '--config.auto-reload-interval', formatDuration(profile.reloadIntervalMs)),
      ),
    ),
    (workload: Manifest) => probePace(workload, profile),
  ]
  return edits.reduce((edited, edit) => edit(edited), manifest)
}

// --- Internal helpers ---

const PrometheusConfig = z.looseObject({ global: z.looseObject({ scrape_timeout: z.string() }) })
const RouteConfig = z.looseObject({ route: z.looseObject({}) })

const prometheusPace = (config: z.infer<typeof PrometheusConfig>, profile: StackProfile) => ({
  ...config,
  global: {
    ...config.global,
    scrape_interval: formatDuration(profile.scrapeIntervalMs),
    scrape_timeout: formatDuration(Math.min(profile.scrapeIntervalMs, SCRAPE_TIMEOUT_MS)),
    evaluation_interval: formatDuration(profile.evaluationIntervalMs),
  },
})

/** Prometheus' own default; never longer than the interval. */
const SCRAPE_TIMEOUT_MS = 10_000

const routePace = (config: z.infer<typeof RouteConfig>, { groupWaitMs, groupIntervalMs }: StackProfile) => ({
  ...config,
  route: {
    ...config.route,
    group_wait: formatDuration(groupWaitMs),
    group_interval: formatDuration(groupIntervalMs),
  },
})

const probePace = (manifest: Manifest, { probePeriodMs }: StackProfile): Manifest => {
  if (probePeriodMs === null || !isWorkload(manifest)) return manifest
  const periodSeconds = probePeriodMs / 1_000
  return editContainers(Workload.parse(manifest), (container) => fasterProbes(container, periodSeconds))
}

/** The time that a start may take stays what the manifest says; the looks come more often. */
const fasterProbes = ({ startupProbe, readinessProbe, ...container }: Container, periodSeconds: number): Container => {
  const budget = (startupProbe?.periodSeconds ?? 10) * (startupProbe?.failureThreshold ?? 3)
  const failureThreshold = Math.ceil(budget / periodSeconds)
  return {
    ...container,
    ...(startupProbe && { startupProbe: { ...startupProbe, periodSeconds, failureThreshold } }),
    ...(readinessProbe && { readinessProbe: { ...readinessProbe, periodSeconds } }),
  }
}
