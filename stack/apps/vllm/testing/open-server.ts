import type { AddressInfo } from 'node:net'
import type { StepCost } from '../../../../lib/vllm/hardware/step-cost.ts'
import { type Application, type ApplicationOptions, createApplication } from '../application.ts'
import { parseServeArguments } from '../arguments.ts'
import { EmulatorEnv, planServer } from '../settings.ts'

/** As the recordings were made. */
const ARGUMENTS =
  '--model /models/tiny --served-model-name tiny --max-model-len 4096 --max-num-seqs 32 --max-num-batched-tokens 1024 --block-size 32 --num-gpu-blocks-override 512'

export interface TestServer extends AsyncDisposable {
  application: Application
  url: string
  /** Lines of the access log. */
  access: string[]
  /** How often a request was answered with the engine's death. */
  engineErrors(): number
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  /** One value of /metrics, by the start of its line. */
  sample(name: string): Promise<number>
}

export interface TestServerOptions extends Partial<ApplicationOptions> {
  /** Further arguments of vLLM; the last of a name wins. */
  arguments?: string
}

/** An emulated server on a port of its own, whose steps take `stepFloorMs` and no longer. */
export const openServer = async (options: TestServerOptions = {}): Promise<TestServer> => {
  const parsed = parseServeArguments(`${ARGUMENTS} ${options.arguments ?? ''}`.trim().split(' '))
  if (!parsed.ok) throw new Error(parsed.message)
  const planned = planServer(parsed.arguments, EmulatorEnv.parse({ VLLM_EMULATOR_PRESET: 'h100' }), 80_000)
  if (!planned.ok) throw new Error(planned.error)
  const { preset } = planned.plan
  const plan = { ...planned.plan, preset: { ...preset, ...FREE } }
  const access: string[] = []
  let errors = 0
  const application = createApplication({
    args: parsed.arguments,
    plan,
    stepFloorMs: 1,
    devMode: false,
    processMetrics: () => '',
    onAccess: (line) => access.push(line),
    onLog: () => undefined,
    onEngineLost: () => application.driver.die(),
    onEngineError: () => void errors++,
    draining: () => false,
    memory: {
      grow: () => true,
      release: () => Promise.resolve({ freedBytes: 0, usedBytes: 0 }),
      regain: () => Promise.resolve(),
    },
    tracer: null,
    ...options,
  })
  const { server, driver } = application
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    application,
    url,
    access,
    engineErrors: () => errors,
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    sample: async (name) => {
      const page = await (await fetch(`${url}/metrics`)).text()
      const line = page.split('\n').find((candidate) => candidate.startsWith(name))
      return Number(line?.slice(line.lastIndexOf(' ') + 1))
    },
    [Symbol.asyncDispose]: async () => {
      driver.halt()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

// --- Internal helpers ---

/** Steps cost nothing but the floor. */
const FREE: StepCost = { baseMs: 0, prefillMs: 0, pairMs: 0, decodeMs: 0, contextMs: 0, crowdMs: 0, waitingMs: 0 }
