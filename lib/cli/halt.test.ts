import { expect, test } from 'vitest'
import { fakeApi, FORBIDDEN, quietContext } from '../../tests/support/fake-api.ts'
import { EXIT } from '../core/errors.ts'
import { describeError } from './errors.ts'
import { halt } from './halt.ts'

const FAULTS = '/apis/firedrill.dev/'

/** An API server with two namespaces, without a fault, that refuses some of what it is asked. */
const serving = (refuses: (method: string, path: string) => boolean) =>
  fakeApi(({ method = '', url = '' }) => {
    const path = url.split('?')[0] ?? ''
    if (refuses(method, path)) return FORBIDDEN
    if (path === '/api/v1/namespaces') {
      const items = ['a', 'b', 'c'].map((name) => ({ metadata: { name } }))
      return { body: { kind: 'NamespaceList', apiVersion: 'v1', items } }
    }
    if (path.startsWith('/api/v1/namespaces/')) return { body: {} }
    return path.startsWith(FAULTS) ? { body: { kind: 'FaultList', items: [] } } : null
  })

const halting = async (api: { kubeconfig: string }, flags = {}) => {
  const { context, written } = quietContext()
  const error = await halt(context, { name: 'default', kubeconfig: api.kubeconfig, ...flags }).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return { ...written, error, told: describeError(error, context.signal) }
}

test('every namespace that takes faults is halted, then all is healed', async () => {
  await using api = await serving(() => false)
  const { out, err, error } = await halting(api)
  expect(error).toBeNull()
  expect(out).toBe('halted    a\nhalted    b\nhalted    c\nnothing to heal\n')
  expect(err).toContain('halt --release')
  const healed = api.seen.findIndex((request) => request.includes(FAULTS))
  expect(api.seen.findLastIndex((request) => request.startsWith('PATCH'))).toBeLessThan(healed)
})

test('a namespace that cannot be halted keeps neither the others from it, nor the healing', async () => {
  await using api = await serving((method, path) => method === 'PATCH' && path.endsWith('/a'))
  const { out, told } = await halting(api)
  expect(out).toBe('halted    b\nhalted    c\nnothing to heal\n')
  expect(told.exitCode).toBe(EXIT.fail)
  expect(told.text).toMatch(
    /error\[not-halted\]: expected every namespace .* to be halted, found that a was not: .*403.*\n {2}→ .*--namespace/,
  )
})

test('where namespaces cannot be listed, all is healed and that is said', async () => {
  await using api = await serving((_, path) => path === '/api/v1/namespaces')
  const { out, err, told } = await halting(api)
  expect(out).toBe('nothing to heal\n')
  expect(err).toBe('')
  expect(told.exitCode).toBe(EXIT.fail)
  expect(told.text).toContain('could not be listed')
})

test('where neither can be done, both are told', async () => {
  await using api = await serving(() => true)
  const { told } = await halting(api, { namespace: 'a' })
  expect(told.text).toMatch(/error\[cluster-refused\][^]*error\[not-halted\]/)
  expect(told.exitCode).not.toBe(EXIT.pass)
})
