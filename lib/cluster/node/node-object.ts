import { machine, release, type } from 'node:os'
import { OUTAGE_ANNOTATION, OUTAGE_SUPPORTED } from '../../core/node-outage.ts'
import type { NodeSpec } from '../types.ts'

export const LEASE_SECONDS = 12

/** A node as the agent registers it, in the API's own words. */
export const nodeObject = (spec: NodeSpec, kubeletPort: number, version: string, now: number) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: spec.name,
    labels: {
      'kubernetes.io/hostname': spec.name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': ARCHITECTURES[machine()] ?? machine(),
      ...spec.labels,
    },
    annotations: { [OUTAGE_ANNOTATION]: OUTAGE_SUPPORTED },
  },
  spec: { taints: spec.taints ?? [] },
  status: nodeStatus(spec, kubeletPort, version, now, now),
})

/** `since` is when the node became ready (milliseconds, as `now`). */
export const nodeStatus = (
  spec: NodeSpec,
  kubeletPort: number,
  version: string,
  since: number,
  now: number,
): object => ({
  capacity: spec.capacity,
  allocatable: spec.capacity,
  addresses: [
    { type: 'InternalIP', address: spec.address },
    { type: 'Hostname', address: spec.name },
  ],
  daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
  conditions: CONDITIONS.map(({ type: condition, status, reason, message }) => ({
    type: condition,
    status,
    reason,
    message,
    lastHeartbeatTime: new Date(now).toISOString(),
    lastTransitionTime: new Date(since).toISOString(),
  })),
  nodeInfo: {
    machineID: spec.name,
    systemUUID: spec.name,
    bootID: spec.name,
    kernelVersion: release(),
    osImage: `${type()} processes`,
    containerRuntimeVersion: 'process://1',
    kubeletVersion: version,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: ARCHITECTURES[machine()] ?? machine(),
  },
})

export const leaseObject = (name: string, owner: string, now: number): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: owner }] },
  spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(now) },
})

/** The API's MicroTime. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

// --- Internal helpers ---

const ARCHITECTURES: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64' }

const CONDITIONS = [
  { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', message: 'not measured' },
  { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'not measured' },
  { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'not measured' },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'node agent is running' },
]
