import { Command, InvalidArgumentError, Option } from 'commander'
import { parseApiPort } from './api-port.ts'
import type { Context } from './context.ts'

/** Every command is a file of its own, read when it is called: `--help` stays instant. */
export const makeProgram = (context: Context, exit: { code: number }): Command => {
  // Each command's is an ExitCode, but kubectl's and k6's, which have codes of their own.
  const ends =
    <Arguments extends unknown[]>(command: (...args: Arguments) => Promise<number>) =>
    async (...args: Arguments): Promise<void> => {
      exit.code = await command(...args)
    }
  const program = new Command('firedrill')
    .description('Breaks your LLM serving on purpose and judges whether your alerts noticed.')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError('(firedrill COMMAND --help shows what it takes)')
    .addHelpText('after', EXIT_CODES)

  const run = program.command('run').argument('<scenario>', 'a scenario file: .ts, .yaml or .json')
  addRunOptions(run)
    .option('--no-calibrate', "leaves out the few seconds that measure the load client's own error, once on a machine")
    .description('plays a scenario and judges the alerts: load, faults, verdict, report, data set')
    .addHelpText('after', RUN_EXAMPLES)
    .action(ends(async (scenario: string, options) => (await import('./run.ts')).run(context, scenario, options)))

  const plan = program.command('plan').argument('<scenario>', 'a scenario file')
  addRunOptions(plan)
    .description('checks a scenario against the target and prints what would happen; touches nothing')
    .action(ends(async (scenario: string, options) => (await import('./plan.ts')).plan(context, scenario, options)))

  program
    .command('simulate')
    .argument('<scenario>', 'a scenario file')
    .option(
      '--seeds <number>',
      'so many seeds, from the first on: their verdicts, without run folders',
      integer(1, 1_000_000),
    )
    .option('--jobs <number>', 'so many at once (default: a processor each)', integer(1, 1_024))
    .option('--seed <number>', 'the first, instead of the scenario’s own', integer(0, Number.MAX_SAFE_INTEGER))
    .addOption(
      new Option('--profile <profile>', 'scrape, evaluation and rule times (default: "fast")').choices([
        'fast',
        'production',
      ]),
    )
    .option('--rules <file...>', 'judge these alert rules instead of those that ship')
    .option('--symptoms <file>', 'YAML of alert: symptom, for rules without a symptom label')
    .option('--runs <dir>', 'where run folders go', 'runs')
    .option('--json', 'the verdict, or the campaign, as JSON on stdout')
    .option('--verbose', 'every line of the verdict, the quiet ones too')
    .description('plays a scenario on simulated time, without a cluster, and judges the alerts')
    .action(ends(async (path: string, options) => (await import('./simulate.ts')).simulate(context, path, options)))

  program
    .command('score')
    .argument('[run]', 'a run folder', 'runs/latest')
    .option('--json', 'the verdict as JSON')
    .option('--verbose', 'every line, the quiet ones too')
    .description('judges a run again from its folder alone')
    .action(ends(async (dir: string, options) => (await import('./score.ts')).score(context, dir, options)))
  program
    .command('report')
    .argument('[run]', 'a run folder', 'runs/latest')
    .description('writes report.html of a run from its folder alone')
    .action(ends(async (dir: string) => (await import('./report.ts')).report(context, dir)))
  program
    .command('export')
    .argument('[run]', 'a run folder', 'runs/latest')
    .description('writes the data set of a run from its folder alone')
    .action(ends(async (dir: string) => (await import('./export.ts')).exportRun(context, dir)))

  addClusterOptions(program.command('up'))
    .description('starts the embedded cluster with the stack, and leaves it running')
    .action(ends(async (options) => (await import('./up.ts')).up(context, options)))
  program
    .command('down')
    .option('--name <cluster>', 'which embedded cluster', 'default')
    .description('stops the embedded cluster and removes all of it')
    .action(ends(async (options) => (await import('./down.ts')).down(context, options)))
  program
    .command('kubectl')
    .argument('[args...]', 'what kubectl takes')
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .description(
      'kubectl on the embedded cluster; --name CLUSTER before kubectl’s own arguments (or FIREDRILL_CLUSTER_NAME) names another than "default"',
    )
    .action(ends(async (args: string[]) => (await import('./kubectl.ts')).kubectl(context, args)))
  program
    .command('k6')
    .argument('[args...]', 'what k6 takes')
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .description('k6 with the modules k6/x/llm and k6/x/kubernetes, for scripts of your own')
    .action(ends(async (args: string[]) => (await import('./k6.ts')).k6(context, args)))
  program
    .command('calibrate')
    .option('--streams <number>', 'about how many at once', integer(1, 10_000), 100)
    .option('--seconds <number>', 'how long', integer(1, 600), 10)
    .option('--json', 'the calibration as JSON')
    .description("measures the load client's own error and cost on this machine, and stores it")
    .action(ends(async (options) => (await import('./calibrate.ts')).calibrate(context, options)))

  const engine = program.command('engine').description('the engine model, held against recordings of a real vLLM')
  engine
    .command('fit')
    .argument('<recordings...>', 'recordings as scripts/record-engine.ts writes them')
    .option('--leave-one-out', 'also replays each with a fit to the others only')
    .option('--json', 'coefficients and errors as JSON')
    .description('fits what a step costs to recordings; prints the coefficients and how far off a replay with them is')
    .action(ends(async (files: string[], options) => (await import('./engine.ts')).fitEngine(context, files, options)))
  engine
    .command('replay')
    .usage('RECORDING [--fit OTHER…] [options]')
    .argument('[recording]', 'a recording as scripts/record-engine.ts writes it')
    .option('--fit <recordings...>', 'fit to these first; without it, the cpu preset')
    .option('--times <factor>', 'bounds so many times as wide: 2 for a recording that no fit has seen', boundFactor, 1)
    .option('--json', 'every error, its bound, their ratio and whether it holds, as JSON')
    .description(
      "sends a recording's requests through the engine model and holds what comes of it against the recording",
    )
    .addHelpText('after', REPLAY_NOTES)
    .action(
      ends(async (file: string | undefined, options) =>
        (await import('./engine-replay.ts')).replayEngine(context, file, options),
      ),
    )

  addTargetOptions(program.command('heal'))
    .option('--dry-run', 'only lists what is not healed')
    .description('heals every fault that is not healed, whoever left it')
    .action(ends(async (options) => (await import('./heal.ts')).heal(context, options)))
  addTargetOptions(program.command('halt'))
    .option('--release', 'lets faults be injected again')
    .option('--reason <text>', 'why; whoever is refused is told')
    .description('heals everything at once, ends the drill that runs, and keeps new faults out until --release')
    .action(ends(async (options) => (await import('./halt.ts')).halt(context, options)))
  program
    .command('rbac')
    .requiredOption('--namespace <name>', 'namespace of the serving pods')
    .option('--fault <name...>', 'for these faults; for all that ship without it')
    .option('--scenario <file>', 'for the faults of this scenario')
    .option('--means <names...>', 'of several means of one fault, those that the target has; for all without it')
    .option('--account <name>', 'the service account', 'firedrill')
    .option(
      '--controller-only',
      'leaves out what `firedrill run` itself needs: to create faults, to read logs and events',
    )
    .description('prints the least rights that faults need: service account, role, bindings')
    .action(ends(async (options) => (await import('./rbac.ts')).rbac(context, options)))
  addTargetOptions(program.command('controller'))
    .description('runs the fault controller on its own, until it is stopped')
    .action(ends(async (options) => (await import('./controller.ts')).controller(context, options)))
  addTargetOptions(program.command('list'))
    .argument('<what>', 'faults, scenarios or rules')
    .option('--target', 'of faults: asks the target which of them work there, and why the others do not')
    .description('shows what ships')
    .action(ends(async (what: string, options) => (await import('./list.ts')).list(context, what, options)))
  program
    .command('doctor')
    .description('checks that this machine can run firedrill')
    .action(ends(async () => (await import('./doctor.ts')).doctor(context)))
  return program
}

// --- Internal helpers ---

const integer =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
  }

const scaleFactor = (text: string): number => {
  const factor = Number(text)
  if (/^\d*\.?\d+$/.test(text) && factor > 0 && factor <= 10) return factor
  throw new InvalidArgumentError('Expected a number above 0 and at most 10, such as 0.05.')
}

const boundFactor = (text: string): number => {
  const factor = Number(text)
  if (/^\d*\.?\d+$/.test(text) && factor > 0 && factor <= 100) return factor
  throw new InvalidArgumentError('Expected a number above 0 and at most 100, such as 2.')
}

const apiPort = (text: string): number => {
  const port = parseApiPort(text)
  if (port !== null) return port
  throw new InvalidArgumentError('Expected a port from 1024 to 65535, and none that fetch blocks (6000, 6667, …).')
}

const addTargetOptions = (command: Command): Command =>
  command
    .option('--kubeconfig <file>', 'the cluster; without any of these, the embedded one')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--namespace <name>', 'namespace of the serving pods')
    .option('--selector <labels>', 'label selector of the serving pods')
    .option('--prometheus <url>', 'a URL, or svc/NAMESPACE/NAME:PORT')
    .option('--name <cluster>', 'which embedded cluster', 'default')

const addClusterOptions = (command: Command): Command =>
  command
    .addOption(new Option('--name <cluster>', 'which embedded cluster').default('default'))
    .addOption(
      new Option('--profile <profile>', 'scrape, evaluation and rule times (default: "fast")').choices([
        'fast',
        'production',
      ]),
    )
    .option('--api-port <port>', "the API server's port; a free one without it", apiPort)
    .option('--rules <file...>', 'judge these alert rules instead of those that ship')
    .option(
      '--engine <engine>',
      'in place of the emulated one: "vllm", a real one on this CPU, installed once (about 6 GB); or a YAML file (venv, replicas, args, env)',
    )

const addRunOptions = (command: Command): Command =>
  addClusterOptions(command)
    .option('--kubeconfig <file>', 'a cluster of yours; without it, the embedded one')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--namespace <name>', 'namespace of the serving pods')
    .option('--selector <labels>', 'label selector of the serving pods')
    .option('--url <url>', 'endpoint under load, without /v1')
    .option('--prometheus <url>', 'a URL, or svc/NAMESPACE/NAME:PORT')
    .option('--alertmanager <url>', 'a URL, or svc/NAMESPACE/NAME:PORT')
    .option('--notifications <url>', "the stack's webhook receiver, where it is deployed")
    .option('--header <header...>', 'sent to Prometheus and Alertmanager: "Authorization: Bearer …"')
    .option('--url-header <header...>', 'sent to the endpoint under load, where it needs a key')
    .option('--symptoms <file>', 'YAML of alert: symptom, for rules without a symptom label')
    .option('--runs <dir>', 'where run folders go', 'runs')
    .option('--seed <number>', 'instead of the scenario’s own', integer(0, Number.MAX_SAFE_INTEGER))
    .option('--scale <factor>', 'multiplies users and arrivals, and fits lengths to the model; times stay', scaleFactor)
    .option('--keep', 'leave the embedded cluster running afterwards')
    .option('--json', 'the verdict as JSON on stdout')
    .option('--verbose', 'every line of the verdict, the quiet ones too')

const EXIT_CODES = `
Exit codes: 0 pass · 1 fail · 2 unknown (not enough evidence) · 3 a fault is left unhealed · 4 halted, and healed ·
64 bad usage or scenario · 70 a bug · 130 interrupted, and healed`

const REPLAY_NOTES = `
BOUND is what saturate.json names for a recording in which requests mostly wait, and climb.json for any other; holds and the exit
code (0, 1; 2 where something could not be judged) go by it. SCALED, wider in proportion to the load, is for information.
docs/engine.md has the format of recordings and what the engine model does not do.`

const RUN_EXAMPLES = `
Examples:
  firedrill run scenarios/quick.ts
  firedrill run scenarios/quick.ts --rules my-rules.yaml
  firedrill run scenarios/quick.ts --kubeconfig ~/.kube/config --namespace llm --selector app=vllm \\
    --url http://llm.example.com --prometheus svc/monitoring/prometheus:9090`
