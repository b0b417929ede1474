export type Tool =
  | 'kube'
  | 'prometheus'
  | 'promtool'
  | 'k6'
  | 'kube-state-metrics'
  | 'alertmanager'
  | 'calibration'
  | 'simulated-prometheus'

export interface GoModule {
  name: string
  binaries: Record<string, string>
  tags?: string
  ldflags?: string
}

export declare const MODULES: readonly GoModule[]

/** Where built tools, bundles and downloads are kept: outside every checkout. */
export declare const cacheRoot: (env?: Record<string, string | undefined>) => string

/** The folder of a module's binaries, named by the hash of everything that goes into them. */
export declare const moduleDir: (module: GoModule) => string

/** The path of a built tool; built or not, set-up decides. */
export declare const toolPath: (binary: Tool) => string

export declare const moduleSource: (module: GoModule) => string
