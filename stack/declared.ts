import { z } from 'zod'
import type { TargetSnapshot } from '../lib/core/fault.ts'
import type { Manifest } from '../lib/kube/apply.ts'
import { Workload } from './manifest.ts'

/** The serving pods as the manifests ask for them, all ready: what faults can be planned on before anything runs. */
export const declaredTarget = (manifests: readonly Manifest[], flags: string): TargetSnapshot => {
  const serving = workloads(manifests).find(({ metadata }) => metadata.name === 'vllm')
  const image = serving?.spec.template.spec.containers[0]?.image ?? ''
  const pods = Array.from({ length: serving?.spec.replicas ?? 1 }, (_, index) => `vllm-${index}`)
  return {
    namespace: serving?.metadata.namespace ?? '',
    selector: 'app=vllm',
    pods: pods.map((name) => ({ name, uid: name, node: name, ready: true, image, owned: true })),
    can: { 'feature-flags': { ok: true, configMap: 'feature-flags', key: 'flags.json', document: flags } },
  }
}

/** Ports that the stack's containers say they listen on. */
export const declaredPorts = (manifests: readonly Manifest[]): number[] => {
  const containers = workloads(manifests).flatMap(({ spec }) => spec.template.spec.containers)
  const ports = containers.flatMap((container) => Ports.parse(container).ports)
  return [...new Set(ports.map(({ containerPort }) => containerPort))].sort((a, b) => a - b)
}

// --- Internal helpers ---

const Ports = z.looseObject({ ports: z.array(z.looseObject({ containerPort: z.number() })).default([]) })

const workloads = (manifests: readonly Manifest[]): Workload[] =>
  manifests.flatMap((manifest) => Workload.safeParse(manifest).data ?? [])
