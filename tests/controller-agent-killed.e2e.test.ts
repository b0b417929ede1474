/** One life of tests/agent-death, for every change: a command in a container holds an engine when the agent that runs both is killed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentScene, openScene } from './agent-death/scene.ts'
import { survive } from './agent-death/survive.ts'

let scene: AgentScene

beforeAll(async () => {
  scene = await openScene('agent-killed')
})

afterAll(() => scene?.[Symbol.asyncDispose]())

test('an engine that hangs is healed, although the node agent was killed before the heal', async () => {
  const fault = { name: 'engine-hang', kind: 'engine-hang', params: {} }
  expect(await survive(scene, fault, 'before it is healed')).toEqual([])
})
