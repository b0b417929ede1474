export interface ExecResult {
  exitCode: number
  stdout: string
  stderr: string
}

/** A container of a pod as it was when the fault was planned. */
export interface ExecPod {
  name: string
  uid: string
  container: string
}

/** Commands in pods. The only call that no dry run and no precondition covers: a command must be able to run twice. */
export interface ExecCalls {
  /** Null where there is nothing to run it in: the pod of that UID is gone or going, or its container does not run. */
  exec(pod: ExecPod, command: readonly string[]): Promise<ExecResult | null>
}
