import { cp, mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Each is a file with one import; whether lint lets it pass. */
const PLANTED: readonly (readonly [file: string, imported: string, allowed: boolean])[] = [
  ['lib/core/a.ts', '../k6/runner.ts', false],
  ['lib/core/b.ts', 'node:fs/promises', false],
  ['lib/core/c.ts', './duration.ts', true],
  ['lib/vllm/engine/a.ts', '../../k6/runner.ts', false],
  ['lib/vllm/engine/b.ts', '../../core/random.ts', true],
  ['lib/prometheus/a.ts', '../kube/client.ts', false],
  ['lib/kube/a.ts', '../prometheus/client.ts', false],
  ['lib/kube/b.ts', '@kubernetes/client-node', true],
  ['lib/cluster/node/a.ts', '../../../chaos/faults/pod-kill.ts', false],
  ['lib/cluster/node/b.ts', '../../kube/raw.ts', true],
  ['stack/a.ts', '../chaos/rules/load.ts', false],
  ['stack/b.ts', '../lib/run/folder.ts', false],
  ['stack/c.ts', '@kubernetes/client-node', false],
  ['stack/apps/gateway/a.ts', '../../../lib/cluster/types.ts', false],
  ['stack/apps/vllm/b.ts', '../../../lib/vllm/engine/engine.ts', true],
  ['chaos/controller/a.ts', '../../lib/run/run.ts', false],
  ['chaos/controller/b.ts', '../faults/registry.gen.ts', true],
  ['chaos/faults/a.ts', './pod-kill.ts', false],
  ['chaos/faults/b.ts', '../../lib/k6/runner.ts', false],
  ['lib/run/a.ts', '../../reports/score/score.ts', false],
  ['lib/run/b.ts', 'hyparquet', false],
  ['lib/run/collect/c.ts', '../../cluster/cluster.ts', false],
  ['lib/run/collect/d.ts', '../../prometheus/client.ts', true],
  ['lib/cli/a.ts', '@kubernetes/client-node', false],
  ['lib/cli/b.ts', '../../reports/score/score.ts', true],
  ['reports/score/a.ts', '../../lib/vllm/engine/engine.ts', false],
  ['reports/score/b.ts', '../../lib/toolchain/tools.mjs', false],
  ['reports/score/c.ts', 'hyparquet', false],
  ['reports/score/d.ts', '../../lib/core/verdict.ts', true],
  ['lib/run/e.ts', 'node:process', false],
  ['lib/cli/c.ts', 'node:process', true],
  ['scenarios/a.ts', '../lib/kube/client.ts', false],
]

let reported: Set<string>
beforeAll(async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lint-'))
  await cp(join(ROOT, 'oxlint.config.ts'), join(folder.path, 'oxlint.config.ts'))
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'))
  for (const [file, imported] of PLANTED) {
    const path = join(folder.path, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `import * as planted from '${imported}'\nexport const used = planted\n`)
  }
  const oxlint = join(ROOT, 'node_modules/.bin/oxlint')
  const { stdout } = await execa(process.execPath, [oxlint, '-f', 'unix'], { cwd: folder.path, reject: false })
  const lines = stdout.split('\n').filter((line) => line.includes('no-restricted-imports'))
  reported = new Set(lines.map((line) => line.slice(0, line.indexOf(':'))))
})

test.each(PLANTED)('%s may import %s: %s', (file, _, allowed) => {
  expect(reported.has(file)).toBe(!allowed)
})
