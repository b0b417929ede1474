import { z } from 'zod'
import { describe, expect, test } from 'vitest'
import { faults } from '../../../chaos/faults/registry.gen.ts'
import { defineFault } from '../../core/fault.ts'
import { Scenario } from '../../core/scenario.ts'
import { requireSimulated } from './support.ts'

const cut = defineFault({
  name: 'network-cut',
  summary: 'Cuts a pod off',
  group: 'network',
  requires: [],
  needs: ['networkpolicies:create', 'pods:get'],
  moves: ['availability'],
  signals: { moves: [{ signal: 'ready-replicas', to: 'down' }], still: [] },
  blast: 'pod',
  ends: { by: 'controller', how: 'the policy is deleted' },
  draw: 'band',
  params: z.strictObject({}),
  plan: () => ({ ok: false, reason: 'never asked' }),
  inject: () => Promise.resolve(),
  verify: () => Promise.resolve({ bit: false, reason: 'never asked', facts: {} }),
  heal: () => Promise.resolve(),
})

const scenario = (fault: string): Scenario =>
  Scenario.parse({
    name: 'x',
    summary: 'x',
    load: { users: { stages: [{ to: 1, over: '1m' }] }, workload: 'chat' },
    timeline: { step: { when: { kind: 'at', time: '10s' }, fault, lasting: '10s' } },
  })

describe('faults that the simulated cluster has no hand for', () => {
  const registry = { ...faults, 'network-cut': cut }

  test('are refused by name, with what they need and where they stand', () => {
    expect(() => requireSimulated(scenario('network-cut'), registry)).toThrow(
      /network-cut needs networkpolicies:create\n {2}→ at timeline\.step/,
    )
  })

  /** All others change what the simulated cluster does not have: workloads, nodes, commands in pods, the network, scrapes. */
  const SIMULATED = [
    'cache-bust',
    'cache-busting-prefix',
    'client-aborts',
    'feature-flag',
    'gpu-memory-pressure',
    'load-surge',
    'long-context',
    'near-miss',
    'none',
    'pod-kill',
    'prompt-growth',
    'rate-limit-errors',
    'retry-storm',
    'runaway-max-tokens',
    'sticky-routing',
  ]

  test.each(SIMULATED)('%s has one', (name) => {
    expect(() => requireSimulated(scenario(name), registry)).not.toThrow()
  })

  /** Needs no more than Jobs, and is refused when it creates one: the simulation knows no program of that image. */
  const BY_IMAGE = ['telemetry-only']

  test.each(Object.keys(faults).filter((name) => ![...SIMULATED, ...BY_IMAGE].includes(name)))(
    '%s is refused by name',
    (name) => {
      expect(() => requireSimulated(scenario(name), registry)).toThrow(`✖ ${name} needs`)
    },
  )
})
