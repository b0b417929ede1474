import { expect, test } from 'vitest'
import { fakeApi } from '../../tests/support/fake-api.ts'
import { connect, statusCode } from './client.ts'
import { tryPod } from './try-pod.ts'

const manifest = { spec: { containers: [] } }
const namespace = 'llm'

test('a pod is tried, and what admission made of it is given back; or its refusal', async () => {
  await using api = await fakeApi(({ url }) => (url?.includes('/llm/') === true ? { body: manifest } : null))
  const kube = connect({ kubeconfig: api.kubeconfig })
  expect(await tryPod(kube, manifest, { namespace })).toEqual(manifest)
  expect(api.seen).toEqual(['POST /api/v1/namespaces/llm/pods?dryRun=All'])
  const refused = await tryPod(kube, manifest, { namespace: 'other' }).catch(statusCode)
  expect(refused).toBe(404)
})

test('an answer that does not come is not waited for past the signal', async () => {
  await using api = await fakeApi(() => ({ body: null, silent: true }))
  const kube = connect({ kubeconfig: api.kubeconfig })
  const signal = AbortSignal.timeout(100)
  await expect(tryPod(kube, manifest, { namespace, signal })).rejects.toThrow('aborted due to timeout')
})
