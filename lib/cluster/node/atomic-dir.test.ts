import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeAtomically } from './atomic-dir.ts'
import { configMapFiles, type Payload, secretFiles } from './volume-payload.ts'

const root = mkdtempSync(join(tmpdir(), 'firedrill-volume-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const payload = (files: Record<string, string>): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode: 0o644 }]))

test('files appear, change and go together, by one link', async () => {
  const folder = join(root, 'a')
  expect(await writeAtomically(folder, payload({ x: '1', 'sub/y': '2' }))).toBe(true)
  expect(await readFile(join(folder, 'x'), 'utf8')).toBe('1')
  expect(await readFile(join(folder, 'sub/y'), 'utf8')).toBe('2')
  expect(await readlink(join(folder, 'x'))).toBe('..data/x')
  const before = await readlink(join(folder, '..data'))

  expect(await writeAtomically(folder, payload({ 'sub/y': '2', x: '1' }))).toBe(false)
  expect(await readlink(join(folder, '..data'))).toBe(before)

  expect(await writeAtomically(folder, payload({ x: '3', z: '4' }))).toBe(true)
  expect(await readFile(join(folder, 'x'), 'utf8')).toBe('3')
  const after = await readlink(join(folder, '..data'))
  expect((await readdir(folder)).sort()).toEqual([after, '..data', 'x', 'z'].sort())
})

test('an empty volume is a folder', async () => {
  expect(await writeAtomically(join(root, 'empty'), new Map())).toBe(true)
  expect(await readdir(join(root, 'empty', '..data'))).toEqual([])
})

test('ConfigMap text is rewritten, binary data is not, items choose and rename', () => {
  const object = { data: { a: 'see /etc/x', b: 'b' }, binaryData: { c: Buffer.from('/etc/x').toString('base64') } }
  const selection = { mode: 0o644, what: 'configmap "m"' }
  const rewrite = (text: string): string => text.replace('/etc/x', '/real')
  const text = (files: Payload) => Object.fromEntries([...files].map(([path, { data }]) => [path, data.toString()]))
  expect(text(configMapFiles(object, selection, rewrite))).toEqual({ a: 'see /real', b: 'b', c: '/etc/x' })
  const items = [{ key: 'b', path: 'sub/renamed', mode: 0o400 }]
  const chosen = configMapFiles(object, { ...selection, items }, rewrite)
  expect(chosen).toEqual(new Map([['sub/renamed', { data: Buffer.from('b'), mode: 0o400 }]]))

  expect(() => configMapFiles(null, selection, rewrite)).toThrow('configmap "m" not found')
  expect(configMapFiles(null, { ...selection, optional: true }, rewrite).size).toBe(0)
  const missing = { ...selection, items: [{ key: 'none', path: 'x' }] }
  expect(() => secretFiles({ data: {} }, missing)).toThrow('configmap "m" references non-existent config key: none')
  expect(secretFiles({ data: {} }, { ...missing, optional: true }).size).toBe(0)
})
