import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import type { V1Pod } from '../../kube/pod-types.ts'
import type { AgentContext } from './context.ts'

export interface Credentials {
  /** A token of the pod's service account, bound to the pod; asked for once per audience. Empty means the API server's own. */
  token(audience: string): Promise<string>
  /** Writes the kubeconfig and its token file; returns the kubeconfig's path. */
  writeKubeconfig(): Promise<string>
  stop(): void
}

/** Programs that read their token once live on it for a day; those that read the file again have it renewed before. */
const LIFETIME_S = 24 * 3_600
const RENEW_AFTER = 0.8

/** The service account tokens of one pod. `onRenewed` is called when its token volumes are to be written again. */
export const createCredentials = (
  { api, config, log }: AgentContext,
  pod: V1Pod,
  folder: string,
  onRenewed: () => void,
): Credentials => {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
  const account = pod.spec?.serviceAccountName ?? 'default'
  const tokens = new Map<string, Promise<string>>()
  const timers = new Set<NodeJS.Timeout>()
  let written = false

  const request = async (audience: string): Promise<string> => {
    const { status } = await api<TokenRequest>(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            audiences: audience === '' ? [] : [audience],
            expirationSeconds: LIFETIME_S,
            boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
          },
        },
      },
    )
    const lifetime = Date.parse(status.expirationTimestamp) - Date.now()
    renewAfter(audience, Math.max(10_000, lifetime * RENEW_AFTER))
    return status.token
  }
  const renewAfter = (audience: string, ms: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      tokens.delete(audience)
      token(audience)
        .then(() => (written ? writeKubeconfig() : undefined))
        .then(onRenewed)
        .catch((error: unknown) => {
          log(`${namespace}/${name}: its token was not renewed: ${errorMessage(error)}`)
          renewAfter(audience, 30_000)
        })
    }, ms).unref()
    timers.add(timer)
  }
  const token = (audience: string): Promise<string> => {
    const known = tokens.get(audience)
    if (known !== undefined) return known
    const asked = request(audience)
    tokens.set(audience, asked)
    // A failure is not remembered: the next one asks again.
    asked.catch(() => tokens.delete(audience))
    return asked
  }
  const writeKubeconfig = async (): Promise<string> => {
    await mkdir(folder, { recursive: true })
    const tokenFile = join(folder, 'token')
    const path = join(folder, 'kubeconfig')
    await writeFile(`${tokenFile}.part`, await token(''), { mode: 0o600 })
    await rename(`${tokenFile}.part`, tokenFile)
    if (!written) {
      const text = kubeconfig(config.clusterName, config.apiServer, config.caFile, tokenFile, namespace)
      await writeFile(path, text, { mode: 0o600 })
    }
    written = true
    return path
  }
  return {
    token,
    writeKubeconfig,
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

// --- Internal helpers ---

interface TokenRequest {
  status: { token: string; expirationTimestamp: string }
}

/** JSON, which is YAML too. */
const kubeconfig = (name: string, server: string, caFile: string, tokenFile: string, namespace: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'pod', user: { tokenFile } }],
    contexts: [{ name, context: { cluster: name, user: 'pod', namespace } }],
    'current-context': name,
  })
