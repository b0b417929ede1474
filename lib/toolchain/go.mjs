// Plain JavaScript: set-up runs this on the system's Node, before the project's own is there.
import { execFileSync } from 'node:child_process'

/** The oldest Go that builds the tools. */
export const GO_NEEDED = '1.26'

/** What Go calls itself (`go1.26.1`), or null where there is none on the PATH. */
export const goVersion = (env = globalThis.process.env) => {
  try {
    // Not `go version` alone: a toolchain line may have another one do the work.
    return execFileSync('go', ['env', 'GOVERSION'], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

export const isGoEnough = (version) => {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version ?? '') ?? []
  const [leastMajor, leastMinor] = GO_NEEDED.split('.').map(Number)
  return Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor)
}
