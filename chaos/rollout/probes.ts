import type { Probe, WorkloadFacts } from '../../lib/core/fault-kube/workload.ts'

/** A startup probe that gives up after so many seconds; null where no probe says how to ask. All fields, as the API server would fill them in. */
export const impatient = (workload: WorkloadFacts, budgetSeconds: number): Probe | null => {
  const asking = workload.startupProbe ?? workload.readinessProbe ?? workload.livenessProbe
  if (asking === null) return null
  const { initialDelaySeconds: _, ...probe } = asking
  return { ...probe, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: budgetSeconds }
}

/** Nothing answers there. */
const NOWHERE = '/firedrill-never-ready'

/** A readiness probe that no engine ever passes; null where the container names no port to ask at. */
export const neverReady = ({ readinessProbe, ports }: WorkloadFacts): Probe | null => {
  const { httpGet, exec: _exec, grpc: _grpc, tcpSocket: _tcp, ...timing } = readinessProbe ?? DEFAULT_TIMING
  const [port] = ports
  if (isRecord(httpGet)) return { ...timing, httpGet: { ...httpGet, path: NOWHERE } }
  if (port === undefined) return null
  return { ...timing, httpGet: { path: NOWHERE, port: port.containerPort, scheme: 'HTTP' } }
}

// --- Internal helpers ---

const DEFAULT_TIMING: Probe = { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
