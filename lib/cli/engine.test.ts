import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fitEngine } from './engine.ts'
import { contextOf } from './testing/context.ts'

const CLIMB = fileURLToPath(new URL('../vllm/fixtures/vllm-0.32.0/climb.json', import.meta.url))

test('a file that is none, or is not there, is a usage error', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-engine-'))
  const path = join(folder.path, 'none.json')
  const { context } = contextOf()
  await expect(fitEngine(context, [path], {})).rejects.toMatchObject({ code: 'recording-unreadable', exitCode: 64 })
  await writeFile(path, '[]')
  await expect(fitEngine(context, [path], {})).rejects.toMatchObject({ code: 'not-a-recording', exitCode: 64 })
})

test('nothing is left of one recording to leave it out of', async () => {
  const { context } = contextOf()
  const refused = { code: 'too-few-recordings', exitCode: 64 }
  await expect(fitEngine(context, [CLIMB], { leaveOneOut: true })).rejects.toMatchObject(refused)
})

test('a fit ends when it is interrupted', async () => {
  const { context } = contextOf(AbortSignal.abort(new Error('interrupted')))
  await expect(fitEngine(context, [CLIMB], {})).rejects.toThrow('interrupted')
})
