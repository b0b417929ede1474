import { expect, test } from 'vitest'
import { quietContext } from '../../tests/support/fake-api.ts'
import { EXIT } from '../core/errors.ts'
import { rbac, type RbacFlags } from './rbac.ts'

const printed = async (flags: Partial<RbacFlags>): Promise<string> => {
  const { context, written } = quietContext()
  expect(await rbac(context, { namespace: 'llm', account: 'firedrill', ...flags })).toBe(EXIT.pass)
  return written.out
}

test('a fault that has none of the means that are named is refused, beside one that has', async () => {
  const flags = { fault: ['net-partition', 'net-delay'], means: ['network-policies'] }
  await expect(printed(flags)).rejects.toMatchObject({
    code: 'means-unfit',
    exitCode: EXIT.usage,
    message: 'expected means of net-delay (upstream-faults, network-chaos), found "network-policies"',
  })
})

test('so is a means that there is not', async () => {
  const refusal = printed({ fault: ['net-delay'], means: ['iptables'] })
  await expect(refusal).rejects.toMatchObject({ code: 'means-unknown', message: expect.stringContaining('"iptables"') })
})

test('rights are for the means that are named, of faults that take one, and of all others', async () => {
  const text = await printed({ fault: ['net-partition', 'pod-kill'], means: ['network-policies'] })
  expect(text).toContain('networkpolicies')
  expect(text).not.toContain('networkchaos')
  const both = await printed({ fault: ['net-delay'], means: ['network-policies', 'upstream-faults'] })
  expect(both).not.toContain('networkchaos')
  expect(await printed({ fault: ['net-partition'] })).toContain('networkchaos')
})

test('whoever chooses no fault has what these means can do', async () => {
  expect(await printed({ means: ['network-policies'] })).toContain('networkpolicies')
})
