/**
 * The node agent of a real embedded cluster killed with SIGKILL in the life of every fault that has to do with it, and started again by
 * the cluster's supervisor: the fault ends, and nothing of it is left. FAULTS=engine-hang,gpu-throttle plays only these.
 */
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agentCases } from './cases.ts'
import { type AgentScene, openScene } from './scene.ts'
import { MOMENTS, type Moment, survive } from './survive.ts'

const only = (process.env['FAULTS'] ?? '').split(',').filter(Boolean)
const moments = Object.keys(MOMENTS).filter((name): name is Moment => name in MOMENTS)

let scene: AgentScene

beforeAll(async () => {
  scene = await openScene('agent-death')
})

afterAll(() => scene?.[Symbol.asyncDispose]())

describe.for(agentCases(only))('$name', (fault) => {
  test.for(moments)('killed %s', async (moment) => {
    expect(await survive(scene, fault, moment)).toEqual([])
  })
})
