import { expect, test } from 'vitest'
import { type ChargedPod, charge } from './charge.ts'
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

test('one pod by itself is the API server’s to count, which has let it in', () => {
  const full = quota({ pods: '3', 'requests.cpu': '1' }, { pods: '3', 'requests.cpu': '1' })
  expect(lacking(full, { created: [pod({ cpu: '1' })], replaced: [] })).toBeNull()
  expect(lacking(full, { created: [pod(), pod()], replaced: [] })).toBe('2 more, found pods 3 of 3 used')
  // Of the two only one is of its matter.
  const ending = quota({ pods: '3' }, { pods: '3' }, { scopes: ['Terminating'] })
  expect(lacking(ending, { created: [pod(), pod({}, { activeDeadlineSeconds: 5 })], replaced: [] })).toBeNull()
})

const of = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu }, limits: { cpu } }, ...more })
const sidecar = (cpu: string) => of(cpu, { restartPolicy: 'Always' })
/** Beside containers of 1 and 2 cores. */
const CHARGES: [Partial<ChargedPod['spec']>, number][] = [
  [{}, 3],
  [{ initContainers: [of('2'), of('2')] }, 3],
  [{ initContainers: [of('1'), of('5')] }, 5],
  [{ initContainers: [sidecar('1')] }, 4],
  [{ initContainers: [of('5'), sidecar('1')] }, 5],
  [{ initContainers: [sidecar('1'), of('5')] }, 6],
  [{ initContainers: [sidecar('1'), sidecar('500m')] }, 4.5],
  [{ overhead: { cpu: '250m' } }, 3.25],
  [{ overhead: { cpu: '250m' }, initContainers: [of('5')] }, 5.25],
]

test.each(CHARGES)('a pod with %j takes %d', (spec, cores) => {
  const charged = { spec: { containers: [of('1'), of('2')], ...spec } }
  for (const resource of ['cpu', 'requests.cpu', 'limits.cpu']) expect(charge(resource, charged)).toBe(cores)
})

test('overhead is no limit by itself', () => {
  const charged = { spec: { containers: [{}], overhead: { cpu: '1' } } }
  expect(charge('limits.cpu', charged)).toBe(0)
  expect(charge('requests.cpu', charged)).toBe(1)
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
  [{ scopes: ['BestEffort'] }, pod({ cpu: '0', memory: '0' }), true],
  [{ scopes: ['BestEffort'] }, pod({}, { initContainers: [of('1')] }), false],
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
  expect(lacking(full, { created: [counted, counted], replaced: [] }) !== null).toBe(is)
})
