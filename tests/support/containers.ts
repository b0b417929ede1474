import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { KeyPair } from '../../lib/cluster/certificates.ts'
import type { ExecTarget } from '../../lib/cluster/node/exec-process.ts'
import { createExecServer } from '../../lib/cluster/node/exec-server.ts'
import { children, pids, procEnv } from '../../lib/cluster/node/proc.ts'
import { toolFolder, writeTools } from '../../lib/cluster/node/tools.ts'
import { createLedger } from '../../stack/apps/gpu-emulator/ledger.ts'
import { createGpuServer } from '../../stack/apps/gpu-emulator/server.ts'
import { type JobProcesses, playJobs } from './job-processes.ts'
import { type PlayedGpu, readGpu, resetGpu } from './played-gpu.ts'
import { ENGINE_PORT, POD_ADDRESS } from './pod-address.ts'
import { commandLine, procFile } from './proc.ts'

export interface Containers {
  /** Where the API server finds the kubelet of every node. */
  kubeletPort: number
  /** Pods whose engine process is stopped. */
  stopped(): string[]
  /** Tasks of faults that run in the background of its containers, as `id/pod`. */
  tasks(): string[]
  gpu(): Promise<PlayedGpu>
  /** The Jobs of a kubelet that is told to play them. */
  jobs: JobProcesses
  /** Ends whatever runs in pods, and gives the GPU its power back: for another target. */
  renew(): Promise<void>
  stop(): Promise<void>
}

/**
 * What runs in played pods, as far as commands in them can tell: a main process with an engine below it, which starts again when it
 * has ended, and a GPU. Served by the node agent's own exec; the engine's development endpoints answer at the pods' address.
 */
export const playContainers = async ({ cert, key }: KeyPair, kubeletPort: number): Promise<Containers> => {
  const home = await mkdtemp(join(tmpdir(), 'firedrill-containers-'))
  const tool = (name: string): string[] => [process.execPath, resolve('stack/apps', name, 'main.ts')]
  await writeTools(home, { 'nvidia-smi': tool('nvidia-smi'), dcgmi: ['bash', '-c', DCGMI, 'dcgmi'] })
  const gpu = createGpuServer(createLedger(81_008), DEVICE, Date.now, () => undefined)
  await listening(gpu, 0, '127.0.0.1')
  const engine = createServer(({ url }, response) => response.writeHead(url === '/is_sleeping' ? 200 : 404).end('{}'))
  // Taken where this process plays for another control plane too: that one answers the same.
  await listening(engine, ENGINE_PORT, POD_ADDRESS).catch(() => undefined)
  // A listening TCP server has an address object.
  const gpuUrl = `http://127.0.0.1:${(gpu.address() as AddressInfo).port}`
  const env = { PATH: `${toolFolder(home)}:${process.env['PATH'] ?? ''}`, FIREDRILL_GPU_URL: gpuUrl }
  const running = new Map<string, Main>()

  const containerOf = (pod: string): ExecTarget => {
    const known = running.get(pod)
    const main = known !== undefined && isRunning(known.process) ? known : startMain(env)
    running.set(pod, main)
    const { ended, process: child } = main
    const { pid } = child
    if (pid === undefined) throw new Error('a process that was spawned has an id')
    // A container is running when its processes are: here the first look starts them.
    while (isRunning(child) && !children(pid).some(isEngine))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    const launch = { argv: [], env, cwd: home }
    return {
      launch,
      pid,
      ended,
      rewrite: (text) => text,
      kill: (id, name) => process.kill(id, name),
    }
  }
  const exec = createExecServer(
    ({ namespace, pod }) => containerOf(`${namespace}/${pod}`),
    () => undefined,
  )
  const kubelet = createTlsServer({ cert, key }).on('upgrade', exec.onUpgrade)
  await listening(kubelet, kubeletPort, '127.0.0.1')
  const jobs = playJobs(home, env)
  // Other control planes' containers have another GPU.
  const taskProcesses = () => tasksWith(`FIREDRILL_GPU_URL=${gpuUrl}`)
  // Stopped ones too.
  const killAll = (): void => {
    jobs.keepOnly([])
    for (const pid of [...running.values()].map((main) => main.process.pid)) if (pid !== undefined) kill(-pid)
    for (const { pid } of taskProcesses()) kill(pid)
  }
  return {
    kubeletPort,
    stopped: () =>
      [...running].flatMap(([pod, main]) => (children(main.process.pid ?? 0).some(isStopped) ? [pod] : [])),
    tasks: () => [...new Set(taskProcesses().map(({ name }) => name))].sort(),
    gpu: () => readGpu(gpuUrl),
    jobs,
    async renew() {
      killAll()
      await resetGpu(gpuUrl)
    },
    stop: async () => {
      for (const server of [gpu, engine, kubelet]) {
        server.closeAllConnections()
        server.close()
      }
      killAll()
      await rm(home, { recursive: true, force: true })
    },
  }
}

export const isStopped = (pid: number): boolean => /^State:\s+T/m.test(procFile(pid, 'status'))

/** Tasks by the mark that is their name (lib/core/container-task.ts), whose environment has this entry. */
export const tasksWith = (own: string): { pid: number; name: string }[] =>
  pids().flatMap((pid) => {
    const mark = commandLine(pid).find((word) => /^firedrill\/[^/]+\/[^/]+\/$/.test(word))
    if (mark === undefined || procEnv(pid)?.includes(own) !== true) return []
    return [{ pid, name: mark.slice('firedrill/'.length, -1) }]
  })

// --- Internal helpers ---

/** `dcgmi test --inject` without the start of a Node: a short fault's Job has three seconds in all. */
const DCGMI = `
while [ $# -gt 0 ]; do
  case "$1" in -f) field="$2" ;; -v) value="$2" ;; --offset) seconds="$2" ;; esac
  shift
done
gpu="\${FIREDRILL_GPU_URL#http://}"
body='{"field":'"$field"',"value":'"$value"',"seconds":'"$seconds"'}'
exec 3<>"/dev/tcp/\${gpu%:*}/\${gpu#*:}" || exit 1
printf 'POST /v1/fields HTTP/1.1\\r\nHost: gpu\\r\nConnection: close\\r\nContent-Length: %s\\r\n\\r\n%s' "\${#body}" "$body" >&3
read -r answer <&3
[[ "$answer" == *" 200 "* ]]
`

const DEVICE = {
  uuid: 'GPU-1',
  model: 'NVIDIA H100 80GB HBM3',
  hostname: 'gpu-1',
  reservedMiB: 551,
  idleWatts: 72,
  maxWatts: 700,
  minWatts: 200,
}

const listening = async (server: Pick<Server, 'listen' | 'once' | 'on'>, port: number, host: string): Promise<void> => {
  const up = new Promise<void>((told, reject) => server.once('listening', told).once('error', reject))
  server.listen(port, host)
  await up
}

interface Main {
  process: ChildProcess
  ended: Promise<unknown>
}

/** Both end with this process, whose end closes the pipe. */
const startMain = (env: Record<string, string>): Main => {
  const main = spawn('bash', ['-c', '(exec -a VLLM::EngineCore cat) <&0 >/dev/null & wait "$!"'], {
    env,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  return { process: main, ended: once(main, 'exit') }
}

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null

const isEngine = (pid: number): boolean => procFile(pid, 'cmdline').startsWith('VLLM::EngineCore')

/** A process, or by a negative number its group. */
const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Ended by itself.
  }
}
