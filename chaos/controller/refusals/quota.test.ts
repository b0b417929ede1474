import { expect, test } from 'vitest'
import type { ChargedPod } from './charge.ts'
import { lacking } from './quota.ts'

type Quota = Parameters<typeof lacking>[0]

const pod = (requests: Record<string, string> = {}, more: Partial<ChargedPod['spec']> = {}): ChargedPod => ({
  spec: { containers: [{ resources: { requests, limits: requests } }, {}], ...more },
})
const quota = (hard: Record<string, string>, used: Record<string, string>, spec: Quota['spec'] = {}): Quota => ({
  spec,
  status: { hard, used },
})
const priority = (operator: string, values: string[] = []): NonNullable<Quota['spec']> => ({
  scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] },
})

test('pods are counted together', () => {
  const room = quota({ pods: '4', 'requests.cpu': '1', cpu: '1' }, { pods: '3', 'requests.cpu': '700m', cpu: '700m' })
  const cpu = (amount: string) => ({ created: [pod({ cpu: amount }), pod({ cpu: amount })], replaced: [] })
  expect(lacking(room, { created: [pod()], replaced: [] })).toBeNull()
  expect(lacking(room, cpu('100m'))).toBe('2 more, found pods 3 of 4 used')
  const cores = quota({ 'requests.cpu': '1' }, { 'requests.cpu': '700m' })
  expect(lacking(cores, cpu('150m'))).toBeNull()
  expect(lacking(cores, cpu('151m'))).toBe('2 more, found requests.cpu 700m of 1 used')
  expect(lacking(quota({ cpu: '300m' }, { cpu: '100m' }), cpu('100m'))).toBeNull()
})

test('what is taken away makes room for what replaces it, unless more is used than there is', () => {
  const replaced = [pod({ 'nvidia.com/gpu': '1', memory: '1Gi' })]
  const gpus = (used: string) => quota({ 'requests.nvidia.com/gpu': '3' }, { 'requests.nvidia.com/gpu': used })
  expect(lacking(gpus('3'), { created: [], replaced })).toBeNull()
  expect(lacking(gpus('4'), { created: [], replaced })).toBe(
    'replacements of pods, found requests.nvidia.com/gpu 4 of 3 used',
  )
  expect(lacking(gpus('4'), { created: [], replaced: [pod()] })).toBeNull()
  const memory = quota({ 'limits.memory': '1Gi' }, { 'limits.memory': '1025Mi' })
  expect(lacking(memory, { created: [], replaced })).toMatch(/^replacements/)
  // Of no matter to pods.
  expect(lacking(quota({ 'count/jobs.batch': '1' }, { 'count/jobs.batch': '2' }), { created: [], replaced })).toBeNull()
})

const SCOPES: [NonNullable<Quota['spec']>, ChargedPod, boolean][] = [
  [{ scopes: ['BestEffort'] }, pod(), true],
  [{ scopes: ['BestEffort'] }, pod({ memory: '1' }), false],
  [{ scopes: ['BestEffort'] }, pod({ 'nvidia.com/gpu': '1' }), true],
  [{ scopes: ['NotBestEffort'] }, pod({ cpu: '1' }), true],
  [{ scopes: ['Terminating'] }, pod({}, { activeDeadlineSeconds: 5 }), true],
  [{ scopes: ['Terminating'] }, pod(), false],
  [{ scopes: ['NotTerminating', 'NotBestEffort'] }, pod(), false],
  [{ scopes: ['PriorityClass'] }, pod({}, { priorityClassName: 'high' }), true],
  [{ scopes: ['CrossNamespacePodAffinity'] }, pod(), false],
  [priority('In', ['high']), pod({}, { priorityClassName: 'high' }), true],
  [priority('In', ['low']), pod({}, { priorityClassName: 'high' }), false],
  [priority('NotIn', ['low']), pod({}, { priorityClassName: 'high' }), true],
  [priority('DoesNotExist'), pod({}, { priorityClassName: 'high' }), false],
]

test.each(SCOPES)('a quota of %j counts what is in all of its scopes', (spec, counted, is) => {
  const full = quota({ pods: '1' }, { pods: '1' }, spec)
  expect(lacking(full, { created: [counted], replaced: [] }) !== null).toBe(is)
})
