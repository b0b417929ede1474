import { createServer } from 'node:https'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { makeCertificates } from '../../lib/cluster/certificates.ts'
import { until } from '../../lib/core/until.ts'
import type { Kube } from '../../lib/kube/client.ts'
import { listen } from './listen.ts'

export interface Webhook extends AsyncDisposable {
  /** From now on it does not answer any more. */
  hangUp(): Promise<void>
}

const Review = z.object({ request: z.object({ uid: z.string() }) })

/** A ValidatingWebhookConfiguration that refuses every new Job (or pod) in the namespace, and the HTTPS server that says so. */
export const refusingWebhook = async (
  kube: Kube,
  namespace: string,
  what: 'jobs' | 'pods' = 'jobs',
): Promise<Webhook> => {
  const loopback = { type: 'ip', value: '127.0.0.1' } as const
  const names = { apiServer: [loopback], kubelets: [loopback], kubeletClientName: 'nobody' }
  const { ca, apiServer } = await makeCertificates({ ...names, now: Date.now() })
  const server = createServer({ cert: apiServer.cert, key: apiServer.key }, (request, response) => {
    void json(request).then((body) => {
      const { uid } = Review.parse(body).request
      const answer = { uid, allowed: false, status: { code: 403, message: 'not on my GPUs' } }
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }
      response.setHeader('content-type', 'application/json').end(JSON.stringify(review))
    })
  })
  const { url, close } = await listen(server)
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: `refuse-${namespace}` },
  }
  const group = what === 'jobs' ? 'batch' : ''
  const rule = { apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: [what] }
  const webhook = {
    name: 'refuse.example.com',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds: 2,
    clientConfig: { url: url.replace('http:', 'https:'), caBundle: Buffer.from(ca).toString('base64') },
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    rules: [rule],
  }
  await kube.objects.create({ ...configuration, webhooks: [webhook] } as never)
  const metadata = { name: 'probe' }
  const spec = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] }
  const probe = (): Promise<unknown> =>
    what === 'jobs'
      ? kube.batch.createNamespacedJob({ namespace, body: { metadata, spec: { template: { spec } } }, dryRun: 'All' })
      : kube.core.createNamespacedPod({ namespace, body: { metadata, spec }, dryRun: 'All' })
  const refuses = (): Promise<boolean> =>
    probe().then(
      () => false,
      () => true,
    )
  await until(refuses, { what: 'the webhook to be in force', timeoutMs: 30_000 })
  return {
    hangUp: close,
    async [Symbol.asyncDispose]() {
      await kube.objects.delete(configuration)
      if (server.listening) await close()
    },
  }
}
