/**
 * The part of Chaos Mesh's NetworkChaos that the network faults use, as strict as its own CRD is there (chaos-mesh/chaos-mesh,
 * config/crd/bases/chaos-mesh.org_networkchaos.yaml at 608b61e): what else is in an object is pruned, and so is found missing.
 */
const text = { type: 'string' }
const time = { type: 'string', pattern: String.raw`^[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h)$` }
const mode = { type: 'string', enum: ['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent'] }
const list = { type: 'array', items: text }
const selector = {
  type: 'object',
  properties: {
    namespaces: list,
    labelSelectors: { type: 'object', additionalProperties: text },
    pods: { type: 'object', additionalProperties: list },
  },
}
const condition = {
  type: 'object',
  required: ['status', 'type'],
  properties: { type: text, status: text, reason: text },
}

const spec = {
  type: 'object',
  required: ['action', 'mode', 'selector'],
  properties: {
    action: { type: 'string', enum: ['netem', 'delay', 'loss', 'duplicate', 'corrupt', 'partition', 'bandwidth'] },
    mode,
    selector,
    target: { type: 'object', required: ['mode', 'selector'], properties: { mode, selector } },
    direction: { type: 'string', enum: ['to', 'from', 'both'], default: 'to' },
    duration: text,
    delay: {
      type: 'object',
      required: ['latency'],
      properties: { latency: time, jitter: time, correlation: text },
    },
    loss: { type: 'object', required: ['loss'], properties: { loss: text, correlation: text } },
  },
}

export const networkChaosCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'networkchaos.chaos-mesh.org' },
  spec: {
    group: 'chaos-mesh.org',
    scope: 'Namespaced',
    names: { kind: 'NetworkChaos', listKind: 'NetworkChaosList', plural: 'networkchaos', singular: 'networkchaos' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec,
              status: {
                type: 'object',
                required: ['experiment'],
                properties: { experiment: { type: 'object' }, conditions: { type: 'array', items: condition } },
              },
            },
          },
        },
      },
    ],
  },
}
