import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { stringify } from 'yaml'
import { z } from 'zod'
import { faultCrd } from '../../chaos/controller/crd.ts'
import type { AnyFault } from '../../lib/core/fault.ts'
import { Scenario } from '../../lib/core/scenario.ts'
import { familyRecords } from '../../lib/vllm/metrics/status.ts'
import { faultsPage } from './faults-page.ts'
import { vllmMetricsPage } from './vllm-metrics-page.ts'

export interface Generated {
  /** Relative to the root of the checkout. */
  path: string
  text: string
}

const FAULTS = 'chaos/faults'
const CAPABILITIES = 'chaos/capabilities'
const NOTE = 'Made by scripts/generate.ts: npm run generate'

/** Every generated file with the text it must have. */
export const generated = async (root: string): Promise<Generated[]> => {
  const names = await namesIn(join(root, FAULTS))
  const capabilities = await namesIn(join(root, CAPABILITIES))
  const faults = await Promise.all(names.map((name) => load(join(root, FAULTS, `${name}.ts`), name)))
  const files = [
    {
      path: `${FAULTS}/registry.gen.ts`,
      text: registry(names, { kind: 'faults', type: 'FaultRegistry', from: '../../lib/core/fault.ts' }),
    },
    {
      path: `${CAPABILITIES}/registry.gen.ts`,
      text: registry(capabilities, {
        kind: 'capabilities',
        type: 'CapabilityRegistry',
        from: '../controller/capability.ts',
      }),
    },
    {
      path: 'chaos/controller/crd.gen.yaml',
      text: `# ${NOTE}\n${stringify(faultCrd(faults), { lineWidth: 0, aliasDuplicateObjects: false })}`,
    },
    { path: 'docs/faults.md', text: `<!-- ${NOTE} -->\n\n${faultsPage(faults)}` },
    { path: 'docs/vllm-metrics.md', text: `<!-- ${NOTE} -->\n\n${vllmMetricsPage(familyRecords())}` },
    { path: 'docs/scenario.schema.json', text: JSON.stringify(z.toJSONSchema(Scenario, { io: 'input' })) },
  ]
  return Promise.all(files.map(({ path, text }) => formatted(join(root, path), path, text)))
}

// --- Internal helpers ---

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((file) => /^[a-z][a-z0-9-]*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort()

const load = async (path: string, name: string): Promise<AnyFault> => {
  const module: { default?: AnyFault } = await import(pathToFileURL(path).href)
  if (module.default?.name === name) return module.default
  throw new Error(
    `expected ${path} to default-export defineFault({ name: '${name}', … }), found ${module.default?.name}`,
  )
}

const identifier = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

const registry = (
  names: readonly string[],
  { kind, type, from }: { kind: string; type: string; from: string },
): string =>
  [
    `// ${NOTE}`,
    `import type { ${type} } from '${from}'`,
    ...names.map((name) => `import ${identifier(name)} from './${name}.ts'`),
    '',
    `export const ${kind}: ${type} = {`,
    ...names.map((name) => `  '${name}': ${identifier(name)},`),
    '}',
    '',
  ].join('\n')

const formatted = async (file: string, path: string, text: string): Promise<Generated> => ({
  path,
  text: await format(text, { ...(await resolveConfig(file)), filepath: file }),
})
