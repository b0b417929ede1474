import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { readFault } from '../../../chaos/controller/fault-store.ts'
import { until } from '../../../lib/core/until.ts'
import { toolPath } from '../../../lib/toolchain/tools.mjs'
import type { Death } from '../deaths.ts'
import { faultFor, startController, untilActive, untilOver, whatIsLeft } from '../life.ts'

/** As the run's own script does it, through the same module. */
const SCRIPT = `
import { sleep } from 'k6'
import { Kubernetes } from 'k6/x/kubernetes'
export default () => {
  const kube = new Kubernetes({ config_path: __ENV.CLUSTER })
  kube.create(JSON.parse(__ENV.FAULT))
  sleep(600)
}
`

/** k6 creates the Fault and is killed while it is in force: nobody is left who knows that it was asked for. */
export const creatorKilled: Death = {
  name: 'k6 killed',
  async befall(lane, fault, before) {
    await using cleaning = new AsyncDisposableStack()
    const controller = await startController(lane, lane.plane.kubeconfig)
    cleaning.defer(() => controller.kill())
    const dir = await mkdtemp(join(tmpdir(), 'firedrill-crash-'))
    cleaning.defer(() => rm(dir, { recursive: true }))
    await writeFile(join(dir, 'script.js'), SCRIPT)
    const resource = faultFor(lane, fault, 2)
    const k6 = execa(toolPath('k6'), ['run', '--quiet', '--no-usage-report', 'script.js'], {
      cwd: dir,
      env: { CLUSTER: lane.plane.kubeconfig, FAULT: JSON.stringify(resource) },
      all: true,
      reject: false,
    })
    cleaning.defer(() => void k6.kill('SIGKILL'))
    const created = async (): Promise<boolean> => (await readFault(lane.kube, resource.metadata)) !== null
    const refused = k6.then(({ all }) => Promise.reject(new Error(`expected k6 to create the Fault, found ${all}`)))
    refused.catch(() => undefined)
    await Promise.race([
      refused,
      until(created, { what: 'the Fault that k6 creates', timeoutMs: 20_000, everyMs: 100 }),
    ])
    const there = (await readFault(lane.kube, resource.metadata)) ?? resource
    await untilActive(lane, there)
    k6.kill('SIGKILL')
    await k6
    await untilOver(lane, there)
    return whatIsLeft(lane, there, before)
  },
}
