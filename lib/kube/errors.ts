import { ApiException } from '@kubernetes/client-node'
import { z } from 'zod'
import { errorMessage, UserError } from '../core/errors.ts'
import type { KubeConnection } from './connection.ts'

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
export const reaching = async <T>({ config }: KubeConnection, call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    const server = config.getCurrentCluster()?.server
    if (isUnreachable(error)) throw unreachableServer({ config }, error)
    const status = statusCode(error)
    if (status !== 401 && status !== 403) throw error
    throw new UserError({
      code: 'cluster-refused',
      message: `expected to be let in by ${server}, found ${status}: ${apiReason(error)}`,
      hint: 'ask for the rights, or name other credentials with --kubeconfig and --context; `kubectl auth can-i --list` shows what you may do',
      cause: error,
    })
  }
}

/** What to throw where no API server answers, for the reason that is given. */
export const unreachableServer = ({ config }: KubeConnection, error: unknown): UserError => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return new UserError({
    code: UNREACHABLE,
    message: `expected a Kubernetes API server at ${config.getCurrentCluster()?.server}, found: ${errorMessage(cause)}`,
    hint: 'start the embedded cluster with `firedrill up`, or name a cluster that runs with --kubeconfig and --context',
    cause: error,
  })
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

/** The API server's own sentence; client-node puts it into the body, parsed for some calls and as text for others. */
export const apiReason = (error: unknown): string => {
  const body: unknown = error instanceof ApiException ? error.body : null
  try {
    return Status.parse(typeof body === 'string' ? JSON.parse(body) : body).message
  } catch {
    return errorMessage(error)
  }
}

// --- Internal helpers ---

const UNREACHABLE = 'cluster-unreachable'

const isUnreachable = (error: unknown): boolean => error instanceof TypeError && error.message === 'fetch failed'

const Status = z.object({ message: z.string() })
