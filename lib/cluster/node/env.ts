import type { V1ConfigMap, V1Container, V1EnvVarSource, V1Pod, V1Secret } from '../../kube/pod-types.ts'
import { expand } from './expansion.ts'
import { type Addressed, fieldValue } from './field-ref.ts'
import { resourceValue } from './resource-ref.ts'

/** A container that cannot be started for what it names: the reason is the one that `kubectl get pods` shows. */
export class ContainerProblem extends Error {
  readonly reason: string

  constructor(reason: string, message: string) {
    super(message)
    this.name = 'ContainerProblem'
    this.reason = reason
  }
}

export interface EnvInput {
  pod: V1Pod
  container: V1Container
  addresses: Addressed
  /** Of the node, by resource name. */
  capacity: Record<string, string | undefined>
  configMap(name: string): V1ConfigMap | null
  secret(name: string): V1Secret | null
  /** What the agent gives each container; the container's own variables come above. */
  base: Record<string, string>
  /** Applied to each value of the container's own. */
  rewrite(text: string): string
}

/** The variables of a container, in Kubernetes' order: envFrom, then env, each seeing those before it. */
export const containerEnv = (input: EnvInput): Record<string, string> => {
  const { container, base, rewrite } = input
  // Without a prototype: $(constructor) names no variable.
  const env: Record<string, string> = Object.assign(Object.create(null), base)
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data = configMapRef
      ? configMapData(input, configMapRef.name ?? '', configMapRef.optional)
      : secretRef
        ? secretData(input, secretRef.name ?? '', secretRef.optional)
        : {}
    for (const [key, value] of Object.entries(data ?? {})) env[prefix + key] = rewrite(value)
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const found = valueFrom ? sourceValue(input, valueFrom) : expand(value ?? '', (other) => env[other])
    if (found !== null) env[name] = rewrite(found)
  }
  return env
}

// --- Internal helpers ---

const CONFIG_ERROR = 'CreateContainerConfigError'

/** Null where an optional reference has nothing to give: the variable is then not set at all. */
const sourceValue = (input: EnvInput, source: V1EnvVarSource): string | null => {
  const { pod, container, addresses, capacity } = input
  const { fieldRef, configMapKeyRef, secretKeyRef, resourceFieldRef } = source
  if (fieldRef) {
    const value = fieldValue(pod, fieldRef.fieldPath, addresses)
    if (value === null) throw new ContainerProblem(CONFIG_ERROR, `unsupported fieldPath: ${fieldRef.fieldPath}`)
    return value
  }
  if (resourceFieldRef) {
    const of = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(
      ({ name }) => name === resourceFieldRef.containerName,
    )
    const value = resourceValue(resourceFieldRef, of ?? container, capacity)
    if (value === null) {
      throw new ContainerProblem(CONFIG_ERROR, `unsupported container resource: ${resourceFieldRef.resource}`)
    }
    return value
  }
  if (configMapKeyRef) {
    const { name = '', key, optional } = configMapKeyRef
    return keyOf('ConfigMap', input, name, key, optional, configMapData(input, name, optional))
  }
  if (secretKeyRef) {
    const { name = '', key, optional } = secretKeyRef
    return keyOf('Secret', input, name, key, optional, secretData(input, name, optional))
  }
  throw new ContainerProblem(CONFIG_ERROR, 'unsupported valueFrom')
}

const keyOf = (
  kind: string,
  { pod }: EnvInput,
  name: string,
  key: string,
  optional: boolean | undefined,
  data: Record<string, string> | null,
): string | null => {
  const value = data?.[key]
  if (value !== undefined) return value
  if (optional) return null
  throw new ContainerProblem(CONFIG_ERROR, `couldn't find key ${key} in ${kind} ${pod.metadata?.namespace}/${name}`)
}

const configMapData = (
  { configMap }: EnvInput,
  name: string,
  optional: boolean | undefined,
): Record<string, string> | null => {
  const found = configMap(name)
  if (found !== null) return found.data ?? {}
  if (optional) return null
  throw new ContainerProblem(CONFIG_ERROR, `configmap "${name}" not found`)
}

const secretData = (
  { secret }: EnvInput,
  name: string,
  optional: boolean | undefined,
): Record<string, string> | null => {
  const found = secret(name)
  if (found === null) {
    if (optional) return null
    throw new ContainerProblem(CONFIG_ERROR, `secret "${name}" not found`)
  }
  const entries = Object.entries(found.data ?? {})
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}
