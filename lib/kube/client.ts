import {
  ApiException,
  ApiextensionsV1Api,
  AppsV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  KubernetesObjectApi,
} from '@kubernetes/client-node'
import { z } from 'zod'
import { errorMessage, UserError } from '../core/errors.ts'
import { PooledKubeConfig } from './pooled-config.ts'

/** One connection to one cluster; every part of firedrill that talks to Kubernetes is handed one. */
export interface Kube {
  config: KubeConfig
  core: CoreV1Api
  apps: AppsV1Api
  batch: BatchV1Api
  coordination: CoordinationV1Api
  custom: CustomObjectsApi
  extensions: ApiextensionsV1Api
  objects: KubernetesObjectApi
}

export interface KubeOptions {
  /** Path; without it, KUBECONFIG, then ~/.kube/config, then the pod's service account, as kubectl looks. */
  kubeconfig?: string | undefined
  context?: string | undefined
}

/** Reads the kubeconfig and makes the clients; talks to nobody yet. */
export const connect = ({ kubeconfig, context }: KubeOptions = {}): Kube => {
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
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    batch: config.makeApiClient(BatchV1Api),
    coordination: config.makeApiClient(CoordinationV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
    extensions: config.makeApiClient(ApiextensionsV1Api),
    objects: KubernetesObjectApi.makeApiClient(config),
  }
}

/** The HTTP status of an API error, or null where the API server never answered. */
export const statusCode = (error: unknown): number | null => (error instanceof ApiException ? error.code : null)

export const isNotFound = (error: unknown): boolean => statusCode(error) === 404
export const isConflict = (error: unknown): boolean => statusCode(error) === 409

/** Worth asking again: the API server was out of reach, overloaded, or failed by itself. */
export const isTransient = (error: unknown): boolean => {
  const status = statusCode(error)
  if (status !== null) return status >= 500 || status === 429
  return isUnreachable(error) || (error instanceof UserError && error.code === UNREACHABLE)
}

/** For the first thing that is asked of a cluster: out of reach, and not let in, become errors that a person can act on. */
export const reaching = async <T>(kube: Kube, call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    const server = kube.config.getCurrentCluster()?.server
    if (isUnreachable(error)) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      throw new UserError({
        code: UNREACHABLE,
        message: `expected a Kubernetes API server at ${server}, found: ${errorMessage(cause)}`,
        hint: 'start the embedded cluster with `firedrill up`, or name a cluster that runs with --kubeconfig and --context',
        cause: error,
      })
    }
    const status = statusCode(error)
    if (status !== 401 && status !== 403) throw error
    throw new UserError({
      code: 'cluster-refused',
      message: `expected to be let in by ${server}, found ${status}: ${reasonOf(error)}`,
      hint: 'ask for the rights, or name other credentials with --kubeconfig and --context; `kubectl auth can-i --list` shows what you may do',
      cause: error,
    })
  }
}

/** The value, or null where the object is not there. Every other error is thrown. */
export const orNull = async <T>(call: Promise<T>): Promise<T | null> => {
  try {
    return await call
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}

// --- Internal helpers ---

const UNREACHABLE = 'cluster-unreachable'

const isUnreachable = (error: unknown): boolean => error instanceof TypeError && error.message === 'fetch failed'

const Status = z.object({ message: z.string() })

/** The API server's own sentence; client-node puts it into the body, parsed for some calls and as text for others. */
const reasonOf = (error: unknown): string => {
  const body: unknown = error instanceof ApiException ? error.body : null
  try {
    return Status.parse(typeof body === 'string' ? JSON.parse(body) : body).message
  } catch {
    return errorMessage(error)
  }
}
