import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { makeCertificates } from '../../lib/cluster/certificates.ts'
import { controllers, storageAndApi } from '../../lib/cluster/control-plane.ts'
import { makeKubeconfig } from '../../lib/cluster/kubeconfig.ts'
import { findPort } from '../../lib/cluster/ports.ts'
import { until } from '../../lib/core/until.ts'
import { type Kube, connect } from '../../lib/kube/client.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'
import { type Containers, playContainers } from './containers.ts'

export interface ControlPlane {
  kube: Kube
  kubeconfig: string
  /** What commands in its pods meet. */
  containers: Containers
  /** SIGKILL; resolves when it is gone. */
  kill(part: Part): Promise<void>
  /** On its data and its port; resolves when the API server answers. */
  restart(part: Part): Promise<void>
  stop(): Promise<void>
}

export type Part = 'etcd' | 'apiserver'

/** etcd, API server and controller manager, with no node: tests play the kubelet. Ready in a few seconds. */
export const startControlPlane = async (): Promise<ControlPlane> => {
  const dir = await mkdtemp(join(tmpdir(), 'firedrill-test-'))
  const pki = join(dir, 'pki')
  await mkdir(pki)
  const apiPort = await findPort(['127.0.0.1'])
  const loopback = { type: 'ip', value: '127.0.0.1' } as const
  const names = { apiServer: [loopback], kubelets: [loopback], kubeletClientName: 'kubelet-client' }
  const certificates = await makeCertificates({ ...names, now: Date.now() })
  const { ca, apiServer, admin, kubeletClient, kubeletServer, serviceAccount } = certificates
  const files = {
    'ca.crt': ca,
    'apiserver.crt': apiServer.cert,
    'apiserver.key': apiServer.key,
    'kubelet-client.crt': kubeletClient.cert,
    'kubelet-client.key': kubeletClient.key,
    'service-account.pub': serviceAccount.publicKey,
    'service-account.key': serviceAccount.privateKey,
  }
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(pki, name), text, { mode: 0o600 })))
  const kubeconfig = join(dir, 'kubeconfig')
  const server = `https://127.0.0.1:${apiPort}`
  await writeFile(kubeconfig, makeKubeconfig({ name: 'test', server, ca, client: admin }), { mode: 0o600 })

  const options = { kube: toolPath('kube'), apiPort, pki, kubeconfig }
  const stopping = new AbortController()
  const run = ({ command: [file = '', ...args], env }: ReturnType<typeof storageAndApi>[number]) =>
    execa(file, args, {
      cwd: dir,
      env: { ...env, FIREDRILL_DIE_WITH_PARENT: '1' },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: { file: join(dir, 'log') },
      reject: false,
      cancelSignal: stopping.signal,
      forceKillAfterDelay: 2_000,
    })
  const containers = await playContainers(kubeletServer, await findPort(['127.0.0.1']))
  const parts = Object.fromEntries(
    storageAndApi(options)
      .map((part) => (part.name === 'apiserver' ? withKubelet(part, containers) : part))
      .map((part) => [part.name, { part, process: run(part) }]),
  )
  const partOf = (name: Part) => {
    const found = parts[name]
    if (found === undefined) throw new Error(`the control plane has no ${name}`)
    return found
  }
  const kube = connect({ kubeconfig })
  const answers = (): Promise<boolean> =>
    kube.core.readNamespace({ name: 'default' }).then(
      () => true,
      () => false,
    )
  const answering = (): Promise<void> =>
    until(answers, { what: `the API server (log: ${dir}/log)`, timeoutMs: 60_000, everyMs: 100 })
  await answering()
  const startManagers = () => controllers(options).map(withoutNodes).map(run)
  let managers = startManagers()
  const stop = async (): Promise<void> => {
    stopping.abort()
    await Promise.all([...Object.values(parts).map(({ process }) => process), ...managers, containers.stop()])
    await rm(dir, { recursive: true, force: true })
  }
  return {
    kube,
    kubeconfig,
    containers,
    async kill(name) {
      const { process } = partOf(name)
      process.kill('SIGKILL')
      await process
    },
    async restart(name) {
      const found = partOf(name)
      found.process = run(found.part)
      await answering()
      // Their watches would wait for up to half a minute before they try again.
      for (const manager of managers) manager.kill('SIGKILL')
      await Promise.all(managers)
      managers = startManagers()
    },
    stop,
  }
}

// --- Internal helpers ---

/** The one that the API server takes for nodes that name no port of their own. */
const withKubelet = (
  part: ReturnType<typeof storageAndApi>[number],
  { kubeletPort }: Containers,
): ReturnType<typeof storageAndApi>[number] => ({
  ...part,
  command: [...part.command, `--kubelet-port=${kubeletPort}`],
})

/** Without the controllers that take pods away from nodes that send no heartbeat, and without the scheduler. */
const withoutNodes = (part: ReturnType<typeof controllers>[number]): ReturnType<typeof controllers>[number] => ({
  ...part,
  command: part.command
    .slice(0, part.command.indexOf('--'))
    .map((word) => (word.startsWith('--controllers=') ? `--controllers=${CONTROLLERS}` : word)),
})

const CONTROLLERS =
  'deployment-controller,replicaset-controller,job-controller,garbage-collector-controller,namespace-controller,resourcequota-controller,serviceaccount-controller'
