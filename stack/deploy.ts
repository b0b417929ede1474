import type { TargetOptions } from '../lib/core/target.ts'
import { apply, type Manifest } from '../lib/kube/apply.ts'
import { isNotFound, type Kube } from '../lib/kube/client.ts'
import { renderStack, type RenderOptions } from './render.ts'
import { awaitRollout } from './rollout.ts'
import { stackTarget } from './target.ts'

export interface StackProgress {
  step: 'apply' | 'rollout'
  text: string
  done: number
  of: number
}

export interface DeployOptions extends RenderOptions {
  kube: Kube
  /** How long the pods may take to become ready, milliseconds. */
  timeoutMs?: number
  onProgress?: (progress: StackProgress) => void
  signal: AbortSignal
}

const TIMEOUT_MS = 120_000

/** Applies the stack and waits until all of it is ready; applied again, it changes only what is different. */
export const deployStack = async (options: DeployOptions): Promise<TargetOptions> => {
  const { kube, timeoutMs = TIMEOUT_MS, onProgress, signal } = options
  const manifests = renderStack(options)
  await applyAll(
    kube,
    manifests,
    (done) => onProgress?.({ step: 'apply', text: 'applied', done, of: manifests.length }),
    signal,
  )
  let of: number | undefined
  await awaitRollout({
    kube,
    manifests,
    timeoutMs,
    onReady: (workload, waiting) => {
      of ??= waiting.length + 1
      onProgress?.({ step: 'rollout', text: `${workload} is ready`, done: of - waiting.length, of })
    },
    signal,
  })
  return stackTarget(kube, { embedded: options.embedded !== null })
}

/** Deletes the objects of the stack, the newest kinds first. Namespaces stay: they may hold what is not ours. */
export const removeStack = async (options: RenderOptions & { kube: Kube }): Promise<void> => {
  const manifests = renderStack(options).filter(({ kind }) => kind !== 'Namespace')
  for (const manifest of manifests.toReversed()) {
    try {
      await options.kube.objects.delete(manifest, undefined, undefined, undefined, undefined, 'Foreground')
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

// --- Internal helpers ---

/** Objects of one kind go together: none of them refers to another. */
const applyAll = async (
  kube: Kube,
  manifests: readonly Manifest[],
  onApplied: (done: number) => void,
  signal: AbortSignal,
): Promise<void> => {
  let done = 0
  for (const group of byKind(manifests)) {
    signal.throwIfAborted()
    await Promise.all(group.map((manifest) => apply(kube, manifest)))
    done += group.length
    onApplied(done)
  }
}

const byKind = (manifests: readonly Manifest[]): Manifest[][] => {
  const groups: Manifest[][] = []
  for (const manifest of manifests) {
    const last = groups.at(-1)
    if (last?.[0]?.kind === manifest.kind) last?.push(manifest)
    else groups.push([manifest])
  }
  return groups
}
