/** The JavaScript modules that tools/k6 adds to k6. */

declare module 'k6/x/llm' {
  export interface ClientOptions {
    /** Base URL, without /v1. */
    url: string
    headers?: Record<string, string>
    /** Milliseconds for a whole exchange; a minute where it is not given. */
    timeout?: number
    /** Milliseconds between two pieces of content; no limit where it is not given. */
    stallTimeout?: number
    /** A file that gets one JSON line (lib/core's RequestRecord) per finished request. */
    spool?: string
  }

  /** The request's record. Times are milliseconds since the epoch, durations milliseconds. */
  export interface Answer {
    id: string
    started: number
    ended: number
    e2e: number
    ttft: number | null
    tpot: number | null
    gapMax: number | null
    gapP99: number | null
    promptTokens: number | null
    outputTokens: number
    tokensFrom: 'usage' | 'chunks'
    status: number
    /** `ok`, or one of a closed list (tools/k6/llm/outcome.go). */
    outcome: string
    error: string | null
    replica: string | null
  }

  export class Client {
    constructor(options: ClientOptions)
    /** Streams /v1/chat/completions to its end. A failed request is an outcome; only a wrong call or a full disk throws. */
    chat(body: object, params?: { id?: string }): Answer
    /** Streams /v1/completions to its end. */
    completions(body: object, params?: { id?: string }): Answer
  }

  /** Requests of the whole k6 process so far. */
  export const stats: () => { started: number; finished: number; failed: number }
}

declare module 'k6/x/kubernetes' {
  export interface KubernetesOptions {
    config_path?: string
    /** A context of the kubeconfig. */
    context?: string
    server?: string
    token?: string
  }

  export interface DeleteOptions {
    gracePeriodSeconds?: number
    /** Only the object with this UID: one that replaced it under the same name is left alone. */
    uid?: string
  }

  export interface Helpers {
    waitPodRunning(name: string, timeoutSeconds: number): boolean
    waitServiceReady(name: string, timeoutSeconds: number): boolean
    waitJobCompleted(name: string, timeoutSeconds: number): boolean
    getExternalIP(name: string, timeoutSeconds: number): string
    executeInPod(options: object): { stdout: number[]; stderr: number[] }
  }

  type Resource = Record<string, unknown>

  /** Kinds of a CRD are written `Kind.group`: `Fault.firedrill.dev`. Every call throws what the API server refuses. */
  export class Kubernetes {
    constructor(options?: KubernetesOptions)
    apply(manifest: string): void
    create(object: object): Resource
    delete(kind: string, name: string, namespace: string, options?: DeleteOptions): void
    get(kind: string, name: string, namespace: string): Resource
    list(kind: string, namespace: string): Resource[]
    update(object: object): Resource
    helpers(namespace: string): Helpers
  }
}
