import type { V1Pod } from '../../lib/kube/types.ts'

/** What a container that a kubelet started would come to. */
export type Trouble = 'CrashLoopBackOff' | 'ErrImagePull' | 'never ready' | null

/** By its spec alone: a tag that nobody has, an argument that vLLM does not know, a probe that nothing answers, a budget below a cold start. */
export const troubleOf = ({ spec }: V1Pod): Trouble => {
  const [container] = spec?.containers ?? []
  const { image = '', args = [], startupProbe, readinessProbe } = container ?? {}
  if (image.endsWith(':firedrill-no-such-tag')) return 'ErrImagePull'
  if (args.includes('--firedrill-no-such-option') || args.includes('many')) return 'CrashLoopBackOff'
  if (startupProbe !== undefined && (startupProbe.failureThreshold ?? 3) * (startupProbe.periodSeconds ?? 10) < 10)
    return 'CrashLoopBackOff'
  return readinessProbe?.httpGet?.path === '/health' || readinessProbe === undefined ? null : 'never ready'
}
