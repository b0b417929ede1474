import { execa } from 'execa'
import { expect, test } from 'vitest'
import { exitCodeOf, splitName } from './kubectl.ts'

test.each([
  [['get', 'pods'], undefined, 'default', ['get', 'pods']],
  [['get', 'pods'], 'env', 'env', ['get', 'pods']],
  [['--name', 'mine', 'get', '-o', 'json'], 'env', 'mine', ['get', '-o', 'json']],
  [['--name=mine', 'get'], undefined, 'mine', ['get']],
  // kubectl's own, wherever it takes such a flag.
  [['expose', 'pod', 'x', '--name', 'y'], undefined, 'default', ['expose', 'pod', 'x', '--name', 'y']],
  [[], undefined, 'default', []],
])('%j with FIREDRILL_CLUSTER_NAME=%s', (args, named, name, own) => {
  expect(splitName(args, named)).toEqual({ name, own })
})

test('--name needs a name', () => {
  expect(() => splitName(['--name'], undefined)).toThrow(expect.objectContaining({ code: 'cluster-name-missing' }))
})

test('the exit code is the program’s own, or tells the signal, as a shell does', async () => {
  const run = async (script: string) => exitCodeOf(await execa('sh', ['-c', script], { reject: false }))
  expect(await run('exit 0')).toBe(0)
  expect(await run('exit 42')).toBe(42)
  expect(await run('kill -TERM $$')).toBe(143)
  expect(await run('kill -KILL $$')).toBe(137)
  expect(() => exitCodeOf({ shortMessage: 'spawn kube ENOENT' })).toThrow('ENOENT')
})
