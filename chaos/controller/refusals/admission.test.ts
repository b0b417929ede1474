import { ApiException } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { admissionRefusal } from './admission.ts'

const refused = (message: string, status = 403) =>
  admissionRefusal(new ApiException(status, '', JSON.stringify({ message }), {}), 'llm')?.code

test('a quota is laid at what a quota has refused, and not at whatever speaks of one', () => {
  expect(
    refused('pods "a-1" is forbidden: exceeded quota: full, requested: pods=1, used: pods=3, limited: pods=3'),
  ).toBe('quota-full')
  expect(refused('pods "a-1" is forbidden: failed quota: full: must specify limits.cpu for: c')).toBe(
    'quota-unspecified',
  )
  expect(refused('jobs.batch "quota-probe" is forbidden: not on this cluster')).toBe('change-refused')
  expect(refused('Job.batch "a" is invalid: metadata.labels: quota', 422)).toBe('change-refused')
})

test('what may pass by itself is no refusal, a webhook that does not answer is', () => {
  expect(refused('the server is currently unable to handle the request', 503)).toBeUndefined()
  expect(refused('too many requests, quota of the tenant used', 429)).toBeUndefined()
  expect(refused('failed calling webhook "a.example.com": context deadline exceeded', 500)).toBe('webhook-broken')
})
