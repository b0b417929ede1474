/** Kubernetes' own types, for folders that may not import its client. */
export type {
  V1ConfigMap,
  V1CustomResourceDefinition,
  V1Deployment,
  V1Job,
  V1JSONSchemaProps,
  V1Namespace,
  V1Node,
  V1OwnerReference,
  V1Pod,
  V1PodStatus,
} from '@kubernetes/client-node'
