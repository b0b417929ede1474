import type { Endpoint } from '../core/target.ts'

/** What the environment says of the target and of where the run writes (command.ts sets it). */
export const target = {
  url: __ENV['FIREDRILL_URL'] ?? '',
  headers: JSON.parse(__ENV['FIREDRILL_HEADERS'] ?? '{}') as Record<string, string>, // written by the runner
  model: __ENV['FIREDRILL_MODEL'] ?? '',
  namespace: __ENV['FIREDRILL_NAMESPACE'] ?? '',
  selector: __ENV['FIREDRILL_SELECTOR'] ?? '',
  kubeconfig: __ENV['FIREDRILL_KUBECONFIG'] ?? '',
  context: __ENV['FIREDRILL_CONTEXT'] ?? '',
  /** Where conditions are asked for. */
  prometheus: JSON.parse(__ENV['FIREDRILL_PROMETHEUS'] ?? 'null') as Endpoint | null, // written by the runner
  run: __ENV['FIREDRILL_RUN'] ?? 'by-hand',
  /** What the ids of this run's requests begin with. */
  requests: __ENV['FIREDRILL_REQUESTS'] ?? 'by-hand',
  spool: __ENV['FIREDRILL_SPOOL'] ?? '',
  summary: __ENV['FIREDRILL_SUMMARY'] ?? 'stdout',
}
