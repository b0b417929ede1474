import {
  ApiextensionsV1Api,
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  KubernetesObjectApi,
} from '@kubernetes/client-node'
import { type KubeConnection, type KubeOptions, openConnection } from './connection.ts'

export type { KubeOptions } from './connection.ts'
export { isConflict, isNotFound, isTransient, orNull, reaching, statusCode } from './errors.ts'

/**
 * One connection to one cluster; every part of firedrill that talks to Kubernetes is handed one. The generated clients
 * are megabytes of code: a program that runs in many copies does with the connection alone.
 */
export interface Kube extends KubeConnection {
  core: CoreV1Api
  apps: AppsV1Api
  authorization: AuthorizationV1Api
  batch: BatchV1Api
  coordination: CoordinationV1Api
  custom: CustomObjectsApi
  extensions: ApiextensionsV1Api
  objects: KubernetesObjectApi
}

/** Reads the kubeconfig and makes the clients; talks to nobody yet. */
export const connect = (options: KubeOptions = {}): Kube => clientsOf(openConnection(options).config)

export const clientsOf = (config: KubeConfig): Kube => ({
  config,
  core: config.makeApiClient(CoreV1Api),
  apps: config.makeApiClient(AppsV1Api),
  authorization: config.makeApiClient(AuthorizationV1Api),
  batch: config.makeApiClient(BatchV1Api),
  coordination: config.makeApiClient(CoordinationV1Api),
  custom: config.makeApiClient(CustomObjectsApi),
  extensions: config.makeApiClient(ApiextensionsV1Api),
  objects: KubernetesObjectApi.makeApiClient(config),
})
