import { parse, stringify } from 'yaml'
import { z } from 'zod'
import type { Manifest } from '../lib/kube/apply.ts'

/** The parts of our own manifests that rendering reaches into; everything else stays as it is. */

const Env = z.looseObject({ name: z.string(), value: z.string().optional() })
const Probe = z.looseObject({ periodSeconds: z.number().optional(), failureThreshold: z.number().optional() })

export const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  env: z.array(Env).default([]),
  startupProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
})
export type Container = z.infer<typeof Container>

export const Workload = z.looseObject({
  apiVersion: z.string(),
  kind: z.enum(['Deployment', 'DaemonSet']),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({
    replicas: z.number().optional(),
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({ containers: z.array(Container) }),
    }),
  }),
})
export type Workload = z.infer<typeof Workload>

export const ConfigMap = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  data: z.record(z.string(), z.string()),
})
export type ConfigMap = z.infer<typeof ConfigMap>

/** Turns one Deployment or DaemonSet, found by its name, into another; everything else goes through. */
export const editWorkload = (name: string, edit: (workload: Workload) => Workload) => (manifest: Manifest) =>
  isWorkload(manifest) && manifest.metadata?.name === name ? edit(Workload.parse(manifest)) : manifest

export const editConfigMap =
  (name: string, edit: (data: ConfigMap['data']) => ConfigMap['data']) => (manifest: Manifest) => {
    if (manifest.kind !== 'ConfigMap' || manifest.metadata?.name !== name) return manifest
    const configMap = ConfigMap.parse(manifest)
    return { ...configMap, data: edit(configMap.data) }
  }

/** For `editConfigMap`: one YAML file in it, changed as data. */
export const editYaml =
  <T>(key: string, schema: z.ZodType<T>, edit: (config: T) => T) =>
  (data: Record<string, string>): Record<string, string> => ({
    ...data,
    [key]: stringify(edit(schema.parse(parse(data[key] ?? ''))), { aliasDuplicateObjects: false }),
  })

export const isWorkload = ({ kind }: Manifest): boolean => kind === 'Deployment' || kind === 'DaemonSet'

export const editContainers = (workload: Workload, edit: (container: Container) => Container): Workload => {
  const { template } = workload.spec
  const containers = template.spec.containers.map(edit)
  return { ...workload, spec: { ...workload.spec, template: { ...template, spec: { ...template.spec, containers } } } }
}

export const labelPods = (workload: Workload, labels: Record<string, string>): Workload => {
  const { template } = workload.spec
  const metadata = { ...template.metadata, labels: { ...template.metadata.labels, ...labels } }
  return { ...workload, spec: { ...workload.spec, template: { ...template, metadata } } }
}

/** Sets variables in place where they are, at the end where they are not. */
export const withEnv = (container: Container, variables: Record<string, string>): Container => ({
  ...container,
  env: [
    ...container.env.filter(({ name }) => variables[name] === undefined),
    ...Object.entries(variables).map(([name, value]) => ({ name, value })),
  ],
})

/** Replaces `--flag=…` where there is one, and adds it where there is none. */
export const withArg = (container: Container, flag: string, value: string): Container => {
  const isFlag = (arg: string): boolean => arg.startsWith(`${flag}=`)
  const arg = `${flag}=${value}`
  const { args } = container
  return { ...container, args: args.some(isFlag) ? args.map((old) => (isFlag(old) ? arg : old)) : [...args, arg] }
}
