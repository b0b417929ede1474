import { z } from 'zod'
import { parseServeArguments, type ServeArguments } from '../../stack/apps/vllm/arguments.ts'
import { EmulatorEnv, type Plan, planServer } from '../../stack/apps/vllm/settings.ts'
import { type Container, Workload } from '../../stack/manifest.ts'
import { EMBEDDED_NODES } from '../../stack/nodes.ts'
import type { StackProfile } from '../../stack/profiles.ts'
import { renderStack } from '../../stack/render.ts'
import { UserError } from '../core/errors.ts'

/** What the embedded stack would run: read from the manifests that it is deployed from. */
export interface SimulatedStack {
  profile: StackProfile
  /** Rule files by name, times as the profile has them. */
  rules: Readonly<Record<string, string>>
  /** The feature flags' ConfigMap. */
  flags: { configMap: string; key: string; document: string }
  serving: {
    namespace: string
    deployment: string
    selector: string
    container: string
    image: string
    replicas: number
    port: number
    engine: Plan
    stepFloorMs: number
    args: ServeArguments
    /** The device memory is asked for so long after the process began. */
    probePeriodMs: number
  }
  /** Nodes with a GPU, in order of their names. */
  gpuNodes: readonly string[]
  /** MiB that a GPU has for programs, and that its driver keeps. */
  gpu: { totalMiB: number; reservedMiB: number }
  versions: { engine: string }
}

export interface StackInput {
  profile: StackProfile
  rules: Record<string, string>
  flags: string
}

/** The GPU emulator's own defaults (stack/apps/gpu-emulator/main.ts): an H100 80GB. */
const GPU = { totalMiB: 81_008, reservedMiB: 551 }

export const readStack = ({ profile, rules, flags }: StackInput): SimulatedStack => {
  const manifests = renderStack({ profile, rules, flags, embedded: {} })
  const workload = manifests
    .flatMap((manifest) => Workload.safeParse(manifest).data ?? [])
    .find(({ metadata }) => metadata.name === SERVING)
  const container = workload?.spec.template.spec.containers[0]
  if (workload === undefined || container === undefined) throw new Error(`the stack has no Deployment ${SERVING}`)
  const parsed = parseServeArguments(container.args)
  if (!parsed.ok) throw new Error(`the arguments of ${SERVING} are not vLLM's: ${parsed.message}`)
  const env = EmulatorEnv.parse(variables(container))
  const planned = planServer(parsed.arguments, env, GPU.totalMiB)
  if (!planned.ok) throw notStarting(planned.error)
  return {
    profile,
    rules,
    flags: { configMap: 'feature-flags', key: 'flags.json', document: flags },
    serving: {
      namespace: workload.metadata.namespace,
      deployment: workload.metadata.name,
      selector: `app=${SERVING}`,
      container: container.name,
      image: container.image,
      replicas: workload.spec.replicas ?? 1,
      port: parsed.arguments.port,
      engine: planned.plan,
      stepFloorMs: env.VLLM_EMULATOR_STEP_FLOOR_MS,
      args: parsed.arguments,
      probePeriodMs: (container.startupProbe?.periodSeconds ?? DEFAULT_PERIOD_S) * 1_000,
    },
    gpuNodes: EMBEDDED_NODES.filter(({ capacity }) => 'nvidia.com/gpu' in capacity)
      .map(({ name }) => name)
      .sort(),
    gpu: GPU,
    versions: { engine: Image.parse(container.image) },
  }
}

// --- Internal helpers ---

const SERVING = 'vllm'
/** Kubernetes' own. */
const DEFAULT_PERIOD_S = 10

const Image = z.string().transform((image) => image.replace(/^.*:v?/, ''))

const variables = ({ env }: Container): Record<string, string> =>
  Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])))

const notStarting = (error: string): UserError =>
  new UserError({
    code: 'engine-not-starting',
    message: `expected an engine that starts, found: ${error}`,
    hint: 'mend the arguments in stack/manifests/vllm.yaml',
  })
