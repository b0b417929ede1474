import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { installCrd } from '../../chaos/controller/install.ts'
import type { Kube } from '../../lib/kube/client.ts'
import { rawClient } from '../../lib/kube/raw.ts'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { type Drill, startDrill } from '../support/drill.ts'
import { listen } from '../support/listen.ts'
import { gpuExporter } from '../support/target.ts'
import type { FiredrillProcess, ProcessPool } from './processes.ts'
import { type CrashProxy, startProxy } from './proxy.ts'
import { containersSnapshot } from './containers-snapshot.ts'
import { type Snapshot, takeSnapshot } from './snapshot.ts'

/** A control plane of its own with a target, and a proxy in front of it: lanes go on side by side and share no node. */
export interface Lane extends AsyncDisposable {
  plane: ControlPlane
  kube: Kube
  proxy: CrashProxy
  pool: ProcessPool
  drill: Drill
  /** What the cluster has now, in the API server and in containers. */
  snapshot(): Promise<Snapshot>
  /** The controller that acts on the target, where one does. */
  controller: FiredrillProcess | null
  /** Of a Prometheus that knows the nodes' GPUs. */
  prometheus: string
  /** Kills the controller that acts, where one does. */
  dismiss(): Promise<void>
  /** Another target: what was left in the one before is not to be found again at each point that follows. */
  renew(): Promise<void>
}

export const openLane = async (pool: ProcessPool): Promise<Lane> => {
  await using started = new AsyncDisposableStack()
  const prometheus = await playedPrometheus()
  started.defer(() => prometheus.close())
  const plane = await startControlPlane()
  started.defer(() => plane.stop())
  await installCrd(plane.kube)
  const proxy = started.use(await startProxy(plane.kube, join(dirname(plane.kubeconfig), 'kubeconfig-crash')))
  let targets = 0
  const newDrill = (): Promise<Drill> => startDrill(plane.kube, `crash-${(targets += 1)}`, 100, plane.containers.jobs)
  let drill = await newDrill()
  started.defer(() => drill[Symbol.asyncDispose]())
  const raw = rawClient(plane.kube)
  const stops = started.move()
  const lane: Lane = {
    plane,
    snapshot: async () =>
      new Map([...(await takeSnapshot(raw, drill.namespace)), ...(await containersSnapshot(plane.containers))]),
    kube: plane.kube,
    proxy,
    pool,
    controller: null,
    prometheus: prometheus.url,
    get drill() {
      return drill
    },
    async dismiss() {
      await lane.controller?.kill()
      lane.controller = null
    },
    async renew() {
      await lane.dismiss()
      await drill[Symbol.asyncDispose]()
      // Played nodes are this target's, too.
      await plane.kube.core.deleteCollectionNode()
      await plane.containers.renew()
      drill = await newDrill()
    },
    [Symbol.asyncDispose]: () => stops.disposeAsync(),
  }
  return lane
}

// --- Internal helpers ---

/** Prometheus' query API over what the nodes' GPU exporter tells, and nothing else. */
const playedPrometheus = () =>
  listen(
    createServer((request, response) => {
      const answer = async (): Promise<void> => {
        const { searchParams } = new URL(request.url ?? '/', 'http://prometheus')
        const query = searchParams.get('query') ?? new URLSearchParams(await text(request)).get('query') ?? ''
        const series = await gpuExporter.query(query)
        const result = series.map(({ labels, value }) => ({ metric: labels, value: [Date.now() / 1_000, `${value}`] }))
        const body = { status: 'success', data: { resultType: 'vector', result } }
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
      answer().catch(() => response.destroy())
    }),
  )
