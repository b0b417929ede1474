/**
 * One life of tests/agent-death, for every change. Of a fault whose heal cannot be done by the agent's death: that ends all that ran, so
 * an engine that hangs is well again without any heal; the Jobs that hold the power of a GPU down are in the API, until somebody deletes them.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AGENT_RESTARTED } from '../lib/core/node-agent.ts'
import { agentCases } from './agent-death/cases.ts'
import { type AgentScene, openScene } from './agent-death/scene.ts'
import { survive } from './agent-death/survive.ts'

let scene: AgentScene

beforeAll(async () => {
  scene = await openScene('agent-killed')
})

afterAll(() => scene?.[Symbol.asyncDispose]())

test('the power of a GPU is given back, although the node agent was killed before the heal', async () => {
  const fault = { name: 'gpu-throttle', kind: 'gpu-throttle', params: {} }
  expect(await survive(scene, fault, 'before it is healed')).toEqual([])
  // A run reads it there, and is in doubt.
  const { kube, drill } = scene
  const { items } = await kube.core.listNamespacedEvent({ namespace: drill.namespace })
  const told = items.filter(({ reason }) => reason === AGENT_RESTARTED).map(({ involvedObject }) => involvedObject.name)
  expect(told).toEqual(expect.arrayContaining([expect.stringMatching(/^vllm-/), expect.stringMatching(/gateway/)]))
})

test('what takes an agent is played; what only writes a document, by the means that the stack has, is not', () => {
  const names = agentCases(['engine-hang', 'net-delay', 'node-drain', 'net-partition']).map(({ name }) => name)
  expect(names.sort()).toEqual(['engine-hang', 'node-drain'])
})
