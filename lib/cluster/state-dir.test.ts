import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createStateDir, removeStateDir, stateDirOf } from './state-dir.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'firedrill-state-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('whatever the name, the state dir is a direct child of its root, or the name is refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9.-]{1,45}$/)), (name) => {
      try {
        expect(dirname(stateDirOf(root, name).id)).toBe(root)
      } catch (error) {
        expect(error).toMatchObject({ code: 'cluster-name-invalid' })
      }
    }),
  )
})

test('made for the user only, and removed with everything in it', () => {
  const dir = stateDirOf(root, 'one')
  createStateDir(dir)
  expect(statSync(dir.id).mode & 0o777).toBe(0o700)
  writeFileSync(join(dir.pods, 'file'), '')
  expect(removeStateDir(dir)).toBe(true)
  expect(existsSync(dir.id)).toBe(false)
  expect(removeStateDir(dir)).toBe(false)
})

test('a removal that was cut short is finished by the next', () => {
  const dir = stateDirOf(root, 'one')
  createStateDir(dir)
  rmSync(dir.pki, { recursive: true })
  expect(removeStateDir(dir)).toBe(true)
  mkdirSync(dir.id)
  expect(removeStateDir(dir)).toBe(true)
})

test('one folder has one id, by whatever way it is named', () => {
  const link = join(root, 'link')
  const real = join(root, 'real')
  mkdirSync(real)
  symlinkSync(real, link)
  expect(stateDirOf(link, 'one').id).toBe(stateDirOf(real, 'one').id)
})
