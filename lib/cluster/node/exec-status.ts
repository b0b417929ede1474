/** How a command ended, as the error stream of the protocol tells it: a Status of the API. */
export interface ExecStatus {
  metadata: Record<string, never>
  status: 'Success' | 'Failure'
  reason?: 'NonZeroExitCode' | 'InternalError'
  message?: string
  code?: number
  details?: { causes: { reason: 'ExitCode'; message: string }[] }
}

export const exited = (exitCode: number): ExecStatus =>
  exitCode === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        reason: 'NonZeroExitCode',
        message: `command terminated with non-zero exit code: exit status ${exitCode}`,
        details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
      }

/** It could not be run. */
export const broken = (message: string): ExecStatus => ({
  metadata: {},
  status: 'Failure',
  reason: 'InternalError',
  message: `Internal error occurred: ${message}`,
  code: 500,
})
