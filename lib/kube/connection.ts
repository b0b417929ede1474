import type { KubeConfig } from '@kubernetes/client-node'
import { errorMessage, UserError } from '../core/errors.ts'
import { PooledKubeConfig } from './pooled-config.ts'

/** Where the API server is, and the credentials: all that watches and raw requests need. */
export interface KubeConnection {
  config: KubeConfig
}

export interface KubeOptions {
  /** Path; without it, KUBECONFIG, then ~/.kube/config, then the pod's service account, as kubectl looks. */
  kubeconfig?: string | undefined
  context?: string | undefined
}

/** Reads the kubeconfig; talks to nobody yet. Throws a UserError where there is none, or no such context. */
export const openConnection = ({ kubeconfig, context }: KubeOptions = {}): KubeConnection => {
  const config = new PooledKubeConfig()
  try {
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (error) {
    throw new UserError({
      code: 'kubeconfig-unreadable',
      message: `expected a kubeconfig at ${kubeconfig ?? 'the default place'}, found: ${errorMessage(error)}`,
      hint: 'name one with --kubeconfig, or leave it out to use the embedded cluster',
      cause: error,
    })
  }
  if (context !== undefined) config.setCurrentContext(context)
  if (config.getCurrentCluster() === null) {
    const names = config.getContexts().map(({ name }) => name)
    throw new UserError({
      code: 'context-unknown',
      message: `expected a context of the kubeconfig (${names.join(', ') || 'it has none'}), found "${config.getCurrentContext()}"`,
      hint: 'name one with --context',
    })
  }
  return { config }
}
