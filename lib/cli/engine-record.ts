import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type ClusterRef, findCluster } from '../cluster/cluster.ts'
import { readJson, writeJson } from '../cluster/state-dir.ts'
import type { ClusterInfo } from '../cluster/types.ts'
import { UserError } from '../core/errors.ts'
import { type ReadEngine, VLLM_ENGINE } from './read-engine.ts'

const EngineRecord = z.strictObject({
  /** What `--engine` said: `vllm`, or the absolute path of a file. */
  engine: z.string(),
  /** The program that the cluster runs in place of vLLM's image, from its start to its end. */
  vllm: z.string(),
})
export type EngineRecord = z.infer<typeof EngineRecord>

/** Kept beside the cluster, and gone with it. */
export const recordEngine = ({ stateDir }: ClusterInfo, { engine, vllm }: EngineRecord): void =>
  writeJson(fileOf(stateDir), { engine: named(engine), vllm })

/** The real engine that a running cluster was started with; null for the emulated one, and where no cluster runs. */
export const startedWith = (ref: ClusterRef): EngineRecord | null => {
  const cluster = findCluster(ref)
  return cluster === null ? null : readJson(fileOf(cluster.stateDir), EngineRecord)
}

/** Throws where a cluster runs already, and was started with another engine than this `--engine`. */
export const requireStartedWith = (ref: ClusterRef, engine: string): void => {
  if (findCluster(ref) === null) return
  const found = startedWith(ref)?.engine
  if (found !== named(engine)) throw differs(ref.name, named(engine), found)
}

/** A cluster runs one program for vLLM's image: with another's arguments it would be called what it is not. */
export const requireSameEngine = ({ name, stateDir }: ClusterInfo, engine: ReadEngine | undefined): void => {
  const record = readJson(fileOf(stateDir), EngineRecord)
  if (record?.vllm === engine?.vllm) return
  throw differs(name, engine?.vllm, record?.vllm)
}

// --- Internal helpers ---

/** A file is the same one from wherever it is named. */
const named = (engine: string): string => (engine === VLLM_ENGINE ? engine : resolve(engine))

const differs = (name: string, wanted: string | undefined, found: string | undefined): UserError =>
  new UserError({
    code: 'engine-differs',
    message: `expected cluster "${name}" to have been started with ${wanted ?? EMULATED}, found ${found ?? EMULATED}`,
    hint: `stop it first: firedrill down --name ${name}; or use another with --name OTHER`,
  })

const EMULATED = 'the emulated engine'

const fileOf = (stateDir: string): string => join(stateDir, 'engine.json')
