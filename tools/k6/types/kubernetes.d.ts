/** `k6/x/kubernetes`: objects of a cluster from a k6 script. */
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
