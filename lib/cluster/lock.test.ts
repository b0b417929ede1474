import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { tryLock } from './lock.ts'

test('one holder at a time, and the next after the release', async () => {
  const name = `test ${crypto.randomUUID()}`
  const lock = await tryLock(name)
  expect(lock).not.toBeNull()
  expect(await tryLock(name)).toBeNull()
  const other = await tryLock(`${name}, another`)
  expect(other).not.toBeNull()
  await lock?.release()
  const next = await tryLock(name)
  expect(next).not.toBeNull()
  await Promise.all([other?.release(), next?.release()])
})

test('a killed holder holds nothing', async () => {
  const name = `test ${crypto.randomUUID()}`
  const module = JSON.stringify(fileURLToPath(new URL('lock.ts', import.meta.url)))
  const program = `import { tryLock } from ${module}
    if (await tryLock(${JSON.stringify(name)})) console.log('held')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  expect(await tryLock(name)).toBeNull()
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const lock = await tryLock(name)
  expect(lock).not.toBeNull()
  await lock?.release()
})
