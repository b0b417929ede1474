// Plain JavaScript: set-up runs this on the system's Node, before the project's own is there.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TOOLS_DIR = fileURLToPath(new URL('../../tools', import.meta.url))

const K8S_VERSION = 'k8s.io/component-base/version'

/** What Prometheus' programs call themselves: their own release builds set it in the same way. */
const calling = (version) => `-X github.com/prometheus/common/version.Version=${version}`

/** Each Go module under tools/, and the binaries that it gives (binary: package). In the order of their weight. */
export const MODULES = [
  {
    name: 'kube',
    binaries: { kube: '.' },
    ldflags: `-X ${K8S_VERSION}.gitVersion=v1.34.4 -X ${K8S_VERSION}.gitMajor=1 -X ${K8S_VERSION}.gitMinor=34`,
  },
  {
    name: 'prometheus',
    binaries: {
      prometheus: 'github.com/prometheus/prometheus/cmd/prometheus',
      promtool: 'github.com/prometheus/prometheus/cmd/promtool',
    },
    // Every service discovery but Kubernetes' would triple the build.
    tags: 'remove_all_sd,enable_kubernetes_sd',
    // As a Go module Prometheus is v0.315.0.
    ldflags: calling('3.15.0'),
  },
  { name: 'k6', binaries: { k6: '.' } },
  {
    name: 'kube-state-metrics',
    binaries: { 'kube-state-metrics': 'k8s.io/kube-state-metrics/v2' },
    ldflags: calling('2.18.0'),
  },
  {
    name: 'alertmanager',
    binaries: { alertmanager: 'github.com/prometheus/alertmanager/cmd/alertmanager' },
    ldflags: calling('0.31.1'),
  },
  { name: 'calibration', binaries: { calibration: '.' } },
  // Prometheus' packages on a clock of ours; its versions are those of tools/prometheus, so that nothing is compiled twice.
  { name: 'simulated-prometheus', binaries: { 'simulated-prometheus': '.' }, tags: 'remove_all_sd' },
]

/** Where built tools, bundles and downloads are kept: outside every checkout, so that a second clone builds nothing. */
export const cacheRoot = (env = globalThis.process.env) =>
  join(env.FIREDRILL_CACHE ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'firedrill'))

/** The folder of a module's binaries, named by the hash of everything that goes into them. */
export const moduleDir = (module) => {
  const hash = createHash('sha256')
  const files = readdirSync(join(TOOLS_DIR, module.name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(\.go|^go\.(mod|sum))$/.test(entry.name) && !entry.name.endsWith('_test.go'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
  for (const file of files) hash.update(`${file.slice(TOOLS_DIR.length)}\0`).update(readFileSync(file))
  const { platform, arch } = globalThis.process
  hash.update(JSON.stringify([module, platform, arch]))
  return join(cacheRoot(), 'tools', `${module.name}-${hash.digest('hex').slice(0, 16)}`)
}

/** The path of a built tool; built or not, set-up decides. */
export const toolPath = (binary) => {
  const module = MODULES.find(({ binaries }) => binary in binaries)
  if (module === undefined) throw new Error(`no tool is called ${binary}`)
  return join(moduleDir(module), binary)
}

/** The source folder of a module. */
export const moduleSource = (module) => join(TOOLS_DIR, module.name)
