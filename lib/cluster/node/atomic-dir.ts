import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Payload, payloadHash } from './volume-payload.ts'

const DATA = '..data'

/**
 * Writes a volume's files as the kubelet does: into a folder of their own, which `..data` then points to by one rename, so that
 * a reader sees all old files or all new ones. Returns false where nothing had to change.
 */
export const writeAtomically = async (folder: string, payload: Payload): Promise<boolean> => {
  await mkdir(folder, { recursive: true })
  const version = `..${payloadHash(payload).slice(0, 16)}`
  const current = await readlink(join(folder, DATA)).catch(() => null)
  if (current === version) return false
  const fresh = join(folder, version)
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh)
  for (const [path, { data, mode }] of payload) {
    await mkdir(dirname(join(fresh, path)), { recursive: true })
    await writeFile(join(fresh, path), data, { mode })
  }
  const next = join(folder, `${DATA}_tmp`)
  await rm(next, { force: true })
  await symlink(version, next)
  await rename(next, join(folder, DATA))

  const shown = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path))
  const present = (await readdir(folder)).filter((name) => !name.startsWith('..'))
  for (const name of shown) if (!present.includes(name)) await symlink(join(DATA, name), join(folder, name))
  for (const name of present) if (!shown.has(name)) await rm(join(folder, name), { recursive: true, force: true })
  if (current !== null) await rm(join(folder, current), { recursive: true, force: true })
  return true
}
