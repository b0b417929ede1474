import { mkdtempDisposable, readlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../core/errors.ts'
import { findRunFolder, openRunFolder, runName, writeJson } from './folder.ts'

test('run folders are named by UTC time, and latest points to the newest', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'runs-'))
  const at = Date.UTC(2026, 10, 22, 4, 5, 6)
  expect(runName(at)).toBe('2026-11-22T04-05-06Z')
  await openRunFolder(root.path, 'quick', at)
  const second = await openRunFolder(root.path, 'quick', at + 1_000)
  expect(await readlink(join(root.path, 'latest'))).toBe('quick/2026-11-22T04-05-07Z')
  await expect(findRunFolder(second)).rejects.toMatchObject({ code: 'not-a-run' })
  await writeJson(join(second, 'run.json'), {})
  expect(await findRunFolder(join(root.path, 'latest'))).toBe(join(root.path, 'latest'))
})

test.each(['/dev/null/runs', '/proc/runs', import.meta.filename])(
  'a place that cannot be written to is an error with a way out: %s',
  async (place) => {
    await expect(openRunFolder(place, 'quick', 0)).rejects.toMatchObject({
      code: 'run-folder-unwritable',
      hint: expect.stringContaining('--runs'),
    } satisfies Partial<UserError>)
  },
)
