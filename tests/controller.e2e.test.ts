import { afterAll, describe, expect, test } from 'vitest'
import { requireAllowed, requireServingPods } from '../chaos/controller/safety.ts'
import { readFault } from '../chaos/controller/fault-store.ts'
import { parseFlags } from '../lib/core/flag-document.ts'
import { connect } from '../lib/kube/client.ts'
import { layCable } from './support/cable.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { startDrill } from './support/drill.ts'
import { type ScrapedProgram, startPrometheus } from './support/prometheus.ts'
import { FLAGS, faultOf, gatewayPage, readFlags, readyPods } from './support/target.ts'

let plane: ControlPlane
let prometheus: ScrapedProgram | undefined

sharePlane((started) => {
  plane = started
})

afterAll(async () => {
  await prometheus?.stop()
})

describe('the life of a fault', () => {
  test('pod-kill: the plan comes before the kill, exactly the victim goes, the pods come back', async () => {
    await using drill = await startDrill(plane.kube, 'life-kill')
    const before = await readyPods(plane.kube, drill.namespace)
    await drill.controller()
    const fault = await drill.create(faultOf(drill.namespace, 'kill', { kind: 'pod-kill', durationSeconds: 2 }))
    const end = (await drill.reached(fault, 'Recovered')).status
    const after = await readyPods(plane.kube, drill.namespace)
    const gone = before.filter((uid) => !after.includes(uid))
    expect(end?.plan?.['victims']).toEqual([expect.objectContaining({ uid: gone[0] })])
    expect(gone).toHaveLength(1)
    expect(after).toHaveLength(3)
    expect(end).toMatchObject({ replicas: 3, unavailable: 1, evidence: { bit: true, facts: { alive: [] } } })
    const times = [end?.planned, end?.injected, end?.effective, end?.healed, end?.recovered].map((time) =>
      Date.parse(time ?? ''),
    )
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(Number(times[3]) - Number(times[1])).toBeGreaterThanOrEqual(2_000)
    expect(drill.events.filter(({ phase }) => phase !== 'info').map(({ what, phase }) => `${what} ${phase}`)).toEqual([
      'lease ok',
      'plan invoke',
      'plan ok',
      'inject invoke',
      'inject ok',
      'verify ok',
      'heal invoke',
      'heal ok',
      'recover ok',
    ])
  })

  test('feature-flag: flipped, seen in the counters, and only that flag put back', async () => {
    await using drill = await startDrill(plane.kube, 'life-flag')
    prometheus = await startPrometheus(gatewayPage(plane.kube, drill.namespace))
    await drill.controller({ observe: prometheus.observe })
    const params = { flag: 'prompt-template', variant: 'long' }
    const fault = await drill.create(
      faultOf(drill.namespace, 'flip', { kind: 'feature-flag', params, durationSeconds: 6 }),
    )
    const active = await drill.reached(fault, 'Active')
    const flipped = parseFlags(await readFlags(plane.kube, drill.namespace)).flags['prompt-template']
    const expiry = Math.ceil((Date.parse(active.status?.injected ?? '') + 6_000) / 1_000)
    expect(flipped?.targeting).toEqual({
      if: [{ '<': [{ var: '$flagd.timestamp' }, expiry] }, 'long', FLAGS.flags['prompt-template'].targeting],
    })
    // Somebody else's edit, while it lasts.
    const edited = parseFlags(await readFlags(plane.kube, drill.namespace))
    edited.flags['max-tokens'] = { ...FLAGS.flags['max-tokens'], state: 'DISABLED' }
    await plane.kube.core.replaceNamespacedConfigMap({
      namespace: drill.namespace,
      name: 'feature-flags',
      body: {
        metadata: { name: 'feature-flags', labels: { 'firedrill.dev/flags': 'true' } },
        data: { 'flags.json': JSON.stringify(edited) },
      },
    })
    const { status } = await drill.reached(fault, 'Recovered')
    expect(status?.evidence?.bit).toBe(true)
    expect(status?.evidence?.facts['increase']).toBeGreaterThan(0)
    const restored = parseFlags(await readFlags(plane.kube, drill.namespace))
    expect(restored.flags['prompt-template']).toEqual(FLAGS.flags['prompt-template'])
    expect(restored.flags['max-tokens']?.state).toBe('DISABLED')
  })

  test('feature-flag with share 0 is injected and does not bite', async () => {
    await using drill = await startDrill(plane.kube, 'life-ineffective')
    await prometheus?.stop()
    prometheus = await startPrometheus(gatewayPage(plane.kube, drill.namespace))
    await drill.controller({ observe: prometheus.observe })
    const params = { flag: 'prompt-template', variant: 'long', share: 0 }
    const fault = await drill.create(
      faultOf(drill.namespace, 'none', { kind: 'feature-flag', params, durationSeconds: 4 }),
    )
    const { status } = await drill.reached(fault, 'Recovered')
    expect(status?.evidence).toMatchObject({ bit: false, facts: { increase: 0 } })
    expect(status?.effective).toBeUndefined()
  })

  test('gpu-memory-pressure with restartVictim: the replacement fails beside the co-tenant until it is healed', async () => {
    await using drill = await startDrill(plane.kube, 'life-hog')
    await drill.controller()
    const params = { restartVictim: true }
    const fault = await drill.create(
      faultOf(drill.namespace, 'hog', { kind: 'gpu-memory-pressure', params, durationSeconds: 5 }),
    )
    await drill.reached(fault, 'Active')
    const { items } = await plane.kube.batch.listNamespacedJob({ namespace: drill.namespace })
    expect(items[0]?.metadata?.ownerReferences?.[0]).toMatchObject({ kind: 'Fault', uid: fault.metadata.uid })
    const { status } = await drill.reached(fault, 'Recovered')
    const jobs = await plane.kube.batch.listNamespacedJob({ namespace: drill.namespace })
    expect(jobs.items).toEqual([])
    expect(status?.evidence).toMatchObject({ bit: true, facts: { holds: true } })
    expect(await readyPods(plane.kube, drill.namespace)).toHaveLength(3)
  })
})

describe('what is refused', () => {
  test('before a run: system namespaces, namespaces that are not there, selectors that find nothing, a cluster out of reach', async () => {
    await using drill = await startDrill(plane.kube, 'refuse-early')
    const { kube } = plane
    await expect(requireAllowed(kube, 'kube-system')).rejects.toMatchObject({ code: 'namespace-not-allowed' })
    await expect(requireAllowed(kube, 'nowhere')).rejects.toMatchObject({ code: 'namespace-not-found' })
    await requireAllowed(kube, drill.namespace)
    expect(await requireServingPods(kube, drill.namespace, 'app=vllm')).toBe(3)
    await expect(requireServingPods(kube, drill.namespace, 'app=none')).rejects.toMatchObject({
      code: 'no-serving-pods',
    })
    await using cable = await layCable(plane.kubeconfig)
    cable.cut()
    const far = connect({ kubeconfig: cable.kubeconfig })
    await expect(requireAllowed(far, drill.namespace)).rejects.toMatchObject({ code: 'cluster-unreachable' })
  })

  test('a namespace without the label, with the command that allows it', async () => {
    await using drill = await startDrill(plane.kube, 'refuse-label')
    const patch = { metadata: { name: drill.namespace } }
    await plane.kube.core.replaceNamespace({ name: drill.namespace, body: patch })
    await drill.controller()
    const fault = await drill.create(faultOf(drill.namespace, 'kill', { kind: 'pod-kill' }))
    const { status } = await drill.reached(fault, 'Failed')
    expect(status?.error).toContain(`kubectl label namespace ${drill.namespace} firedrill.dev/allow=true`)
    expect(status?.plan).toBeUndefined()
    expect(await readyPods(plane.kube, drill.namespace)).toHaveLength(3)
  })

  test('too many pods, unknown flags, unknown params, unknown kinds', async () => {
    await using drill = await startDrill(plane.kube, 'refuse-plan')
    await drill.controller()
    const spec = [
      { name: 'many', kind: 'pod-kill', params: { count: 2 }, why: 'at most 1 serving pods unavailable' },
      { name: 'flag', kind: 'feature-flag', params: { flag: 'x', variant: 'on' }, why: 'prompt-template, max-tokens' },
      { name: 'variant', kind: 'feature-flag', params: { flag: 'max-tokens', variant: 'on' }, why: 'normal, runaway' },
      { name: 'typo', kind: 'pod-kill', params: { cuont: 2 }, why: 'cuont' },
      { name: 'nobody', kind: 'pod-kill', target: { selector: 'app=none' }, why: 'found 0' },
    ]
    for (const { name, why, ...rest } of spec) {
      const fault = await drill.create(faultOf(drill.namespace, name, rest))
      expect((await drill.reached(fault, 'Failed')).status?.error, name).toContain(why)
    }
    await expect(drill.create(faultOf(drill.namespace, 'x', { kind: 'earthquake' }))).rejects.toThrow(
      'Unsupported value',
    )
    const foreign = faultOf(drill.namespace, 'y', { kind: 'pod-kill', params: { share: 1 } })
    await expect(drill.create(foreign)).rejects.toThrow('pod-kill has no params.share')
    await expect(drill.create(faultOf(drill.namespace, 'z', { kind: 'feature-flag' }))).rejects.toThrow(
      'needs params.flag',
    )
    expect(await readyPods(plane.kube, drill.namespace)).toHaveLength(3)
  })

  test('a kind that this controller does not know', async () => {
    await using drill = await startDrill(plane.kube, 'refuse-kind')
    await drill.controller({ faults: {} })
    const fault = await drill.create(faultOf(drill.namespace, 'kill', { kind: 'pod-kill' }))
    expect((await drill.reached(fault, 'Failed')).status?.error).toContain('found "pod-kill"')
  })
})

test('deleting a Fault heals it first', async () => {
  await using drill = await startDrill(plane.kube, 'delete')
  await drill.controller()
  const params = { flag: 'prompt-template', variant: 'long' }
  const fault = await drill.create(
    faultOf(drill.namespace, 'flip', { kind: 'feature-flag', params, durationSeconds: 600 }),
  )
  await drill.reached(fault, 'Active')
  const type = { group: 'firedrill.dev', version: 'v1alpha1', plural: 'faults' }
  await plane.kube.custom.deleteNamespacedCustomObject({ ...type, ...fault.metadata })
  await expect.poll(() => readFault(plane.kube, fault.metadata), { timeout: 10_000 }).toBeNull()
  expect(parseFlags(await readFlags(plane.kube, drill.namespace)).flags).toEqual(FLAGS.flags)
})

test('a Fault cannot be changed once it is written', async () => {
  await using drill = await startDrill(plane.kube, 'immutable')
  const fault = await drill.create(faultOf(drill.namespace, 'kill', { kind: 'pod-kill' }))
  const changed = {
    ...fault,
    metadata: { ...(await readFault(plane.kube, fault.metadata))?.metadata },
    spec: { ...fault.spec, durationSeconds: 99 },
  }
  const type = {
    group: 'firedrill.dev',
    version: 'v1alpha1',
    plural: 'faults',
    namespace: drill.namespace,
    name: 'kill',
  }
  await expect(plane.kube.custom.replaceNamespacedCustomObject({ ...type, body: changed })).rejects.toThrow(
    'is not changed once',
  )
})
