import { readFile } from 'node:fs/promises'
import { arch, platform, release } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { parse } from 'yaml'
import { z } from 'zod'
import { requireIdle } from '../../chaos/controller/idle.ts'
import { stopCluster } from '../cluster/cluster.ts'
import type { Calibration } from '../core/calibration.ts'
import { errorMessage, EXIT, type ExitCode, UserError } from '../core/errors.ts'
import type { RunInfo } from '../core/run-folder.ts'
import { Symptom } from '../core/symptom.ts'
import { calibrate } from '../k6/calibration/calibrate.ts'
import { readCalibration } from '../k6/calibration/store.ts'
import { connect } from '../kube/client.ts'
import { prepare, readScenario } from '../run/prepare.ts'
import { runDrill, type RunResult } from '../run/run.ts'
import { toolPath } from '../toolchain/tools.mjs'
import { calibrationTools } from './calibrate.ts'
import { type Context, stateRoot } from './context.ts'
import { readInputs } from './embedded-inputs.ts'
import { judgeFolder, type VerdictFlags } from './judge-folder.ts'
import { watchLive } from './live.ts'
import { requirePlayable, requireRunsWritable } from './preflight.ts'
import { ROOT } from './root.ts'
import { limitsFor, scaleRun } from './scale-run.ts'
import { exitCodeOf } from './score.ts'
import { isNamed, resolveTarget, type TargetFlags } from './target.ts'

export interface RunFlags extends TargetFlags, VerdictFlags {
  symptoms?: string
  runs: string
  seed?: number
  scale?: number
  keep?: boolean
  /** Commander's word for --no-calibrate. */
  calibrate?: boolean
}

/** The main job: a target, a plan, a run, a verdict, a page, a data set. */
export const run = async (context: Context, path: string, flags: RunFlags): Promise<ExitCode> => {
  // Bad input is found before a cluster is started for it.
  const written = await readScenario(path, WORKLOADS)
  const loaded = scaleRun(written, flags.scale, isNamed(flags) ? undefined : limitsFor(context, flags))
  const symptoms = flags.symptoms === undefined ? {} : await readSymptoms(flags.symptoms)
  await requireRunsWritable(flags.runs)
  const inputs = isNamed(flags) ? null : await readInputs(context, flags)
  if (inputs !== null) requirePlayable(loaded.scenario, inputs)
  // Before anything else wants the processors.
  const calibration = flags.calibrate === false ? null : await ownCalibration(context)
  const { target, started } = await resolveTarget(context, flags, inputs)
  await using teardown = new AsyncDisposableStack()
  if (started && flags.keep !== true) {
    teardown.defer(async () => {
      context.status('stopping the embedded cluster')
      await stopCluster({ name: flags.name, stateRoot: stateRoot(context.env) })
      context.status('')
    })
  }
  await requireIdle(connect(target), target.namespace)
  const prepared = await prepare({ loaded, target, symptoms })
  context.signal.throwIfAborted()
  for (const warning of prepared.plan.warnings) context.err(`warning: ${warning}\n`)
  const live = watchLive(context, prepared)
  teardown.defer(() => live.stop())
  context.onSecondInterrupt(() => context.err(`\nnot waiting for the heal; finish it with: ${healCommand(flags)}\n`))
  const result = await runDrill({
    ...prepared,
    runs: flags.runs,
    argv: context.argv,
    seed: flags.seed ?? loaded.scenario.seed,
    versions: await versions(),
    calibration,
    git: await gitState(),
    tools: { k6: toolPath('k6') },
    holder: context.holder,
    onEvent: live.onEvent,
    onLoad: live.onLoad,
    signal: context.signal,
  })
  live.stop()
  return await judge(context, flags, result)
}

/** A map of `alert: symptom`, for rules that one cannot label. */
export const readSymptoms = async (path: string): Promise<Record<string, Symptom>> => {
  try {
    return z.record(z.string(), Symptom).parse(parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new UserError({
      code: 'symptoms-invalid',
      message: `expected lines of "alert: symptom" in ${path}, found: ${error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error)}`,
      hint: `the symptoms are ${Symptom.options.join(', ')}`,
      cause: error,
    })
  }
}

export const WORKLOADS = join(ROOT, 'scenarios/workloads')

// --- Internal helpers ---

/** How exact the load client is here; measured in a few seconds where nobody has yet. A drill does not fail for the lack of it. */
const ownCalibration = async (context: Context): Promise<Calibration | null> => {
  const tools = calibrationTools(context.env)
  try {
    const known = await readCalibration(tools)
    if (known !== null) return known
    context.status('calibrating the load client, once on this machine')
    return await calibrate(tools, { seconds: CALIBRATION_SECONDS, signal: context.signal })
  } catch (error) {
    context.signal.throwIfAborted()
    context.err(`warning: the load client could not be calibrated: ${errorMessage(error)}\n`)
    return null
  } finally {
    context.status('')
  }
}

/** With its start and its end about eight in all; `firedrill calibrate` takes longer, and is surer. */
const CALIBRATION_SECONDS = 2

const judge = async (context: Context, flags: RunFlags, { dir, info, unhealed }: RunResult): Promise<ExitCode> => {
  for (const { name, reason } of unhealed) context.err(`unhealed: ${name}: ${reason}\n`)
  if (info.ending === 'interrupted') {
    context.err(
      unhealed.length > 0 ? `finish it with: ${healCommand(flags)}\n` : `interrupted; every fault is healed\n`,
    )
    return unhealed.length > 0 ? EXIT.unhealed : EXIT.interrupted
  }
  const verdict = await judgeFolder(context, dir, flags)
  const left = [...verdict.unhealed, ...unhealed.map(({ name }) => name)]
  if (info.ending === 'halted' && left.length === 0) return EXIT.halted
  return exitCodeOf({ outcome: verdict.outcome, unhealed: left })
}

const healCommand = ({ kubeconfig, context, namespace, name }: RunFlags): string =>
  [
    'firedrill heal',
    ...(kubeconfig === undefined && name !== 'default' ? [`--name ${name}`] : []),
    ...Object.entries({ kubeconfig, context, namespace }).flatMap(([flag, value]) =>
      value ? [`--${flag} ${value}`] : [],
    ),
  ].join(' ')

const versions = async (): Promise<Record<string, string>> => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')))
  const { stdout = '' } = await execa(toolPath('k6'), ['version'], { reject: false })
  const k6 = /v(\d\S*)/.exec(stdout)?.[1]
  return {
    firedrill: version,
    node: process.versions.node,
    ...(k6 !== undefined && { k6 }),
    os: `${platform()} ${release()} ${arch()}`,
  }
}

const gitState = async (): Promise<RunInfo['git']> => {
  const git = (...args: string[]) => execa('git', args, { cwd: ROOT, reject: false })
  const [head, status] = await Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain')])
  return head.failed ? null : { commit: head.stdout, dirty: status.stdout !== '' }
}
