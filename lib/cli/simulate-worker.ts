import { parentPort, workerData } from 'node:worker_threads'
import { errorMessage } from '../core/errors.ts'
import { startSimulatedPrometheus } from '../simulate/prometheus/simulated-prometheus.ts'
import { playIncident } from '../simulate/incident.ts'
import { toolPath } from '../toolchain/tools.mjs'
import { type CampaignJob, incidentLine, wantedMetrics, type WorkerMessage } from './simulate-campaign.ts'
import { incidentOf, simulatedMs } from './simulate-incident.ts'
import { judgeIncident } from './simulate-verdict.ts'

/** One worker of a campaign: plays the seeds that it is sent, one after the other, and answers each with its line. */
const job: CampaignJob = workerData
const port = parentPort
if (port === null) throw new Error('a campaign’s worker runs in a thread of its own')
const prometheus = startSimulatedPrometheus(toolPath('simulated-prometheus'))
const wanted = wantedMetrics(job)

const play = async (seed: number): Promise<WorkerMessage> => {
  try {
    const incident = await playIncident({ ...incidentOf(job, seed, prometheus), wanted })
    const verdict = await judgeIncident(job.scenario, incident)
    return { kind: 'line', line: incidentLine(seed, verdict), simulatedMs: simulatedMs(incident) }
  } catch (error) {
    return { kind: 'error', seed, message: errorMessage(error) }
  }
}

port.on('message', (seed: number | null) => {
  if (seed === null) return void prometheus[Symbol.asyncDispose]().then(() => port.close())
  void play(seed).then((message) => port.postMessage(message))
})
port.postMessage({ kind: 'ready' } satisfies WorkerMessage)
