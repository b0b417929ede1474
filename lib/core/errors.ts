/** The whole exit-code contract of the command line; the worst that applies wins, `unhealed` over all. */
export const EXIT = {
  pass: 0,
  fail: 1,
  unknown: 2,
  unhealed: 3,
  halted: 4,
  usage: 64,
  bug: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export interface UserErrorInit {
  /** Stable, kebab-case, greppable: `namespace-not-allowed`. */
  code: string
  /** What was expected and what was found, in one sentence or a short list. */
  message: string
  /** What to do next: a command, a flag, a file to edit. */
  hint: string
  exitCode?: ExitCode
  cause?: unknown
}

/** An error that a person can act on. Anything else that reaches the command line is a bug (exit code 70). */
export class UserError extends Error {
  readonly code: string
  readonly hint: string
  readonly exitCode: ExitCode

  constructor({ code, message, hint, exitCode = EXIT.usage, cause }: UserErrorInit) {
    super(message, { cause })
    this.name = 'UserError'
    this.code = code
    this.hint = hint
    this.exitCode = exitCode
  }
}

/** The text of whatever was thrown: libraries throw strings and plain objects too. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** For the default of an exhaustive switch: a compile error when a case is missing, a bug at run time. */
export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
