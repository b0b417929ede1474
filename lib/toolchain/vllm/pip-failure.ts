import { EXIT, UserError } from '../../core/errors.ts'

const LAST_LINES = 12

/** Why pip has failed, from what it said, as something that a person can act on. */
export const pipFailure = (output: string, exitCode: number | undefined): UserError => {
  const known = CAUSES.find(({ says }) => says.test(output))
  const { code, found, hint } = known ?? {
    code: 'vllm-install-failed',
    found: `pip ended with ${exitCode ?? 'a signal'}`,
    hint: "pip's own words are above; nothing of it was kept, and the same command tries again",
  }
  return new UserError({
    code,
    message: `expected pip to install the packages of a real vLLM, found: ${found}\n${lastLines(output)}`,
    hint,
    exitCode: EXIT.fail,
  })
}

// --- Internal helpers ---

interface Cause {
  code: string
  says: RegExp
  found: string
  hint: string
}

/** The order matters: a full disk and a wrong package are said plainly, an unreachable registry in many ways. */
const CAUSES: readonly Cause[] = [
  {
    code: 'disk-full',
    says: /No space left on device|Errno 28/,
    found: 'no space left on the disk',
    hint: 'free some space, or name a folder on another disk with FIREDRILL_CACHE; nothing of the half install was kept',
  },
  {
    code: 'package-differs',
    says: /DO NOT MATCH THE HASHES/,
    found: 'the registry gave another file than the one that is locked',
    hint: 'do not use it: look at the registry or mirror that pip is configured with (pip config list)',
  },
  {
    code: 'registry-unreachable',
    says: /Retrying \(|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|Name or service not known|Temporary failure in name resolution|Network is unreachable|Connection (?:refused|reset)|IncompleteRead|HTTP error 5\d\d|ConnectionError/,
    found: 'the package registry cannot be reached',
    hint: 'look at the network and at what pip is configured with (pip config list), then run this again; the emulated engine needs no network',
  },
  {
    code: 'package-missing',
    says: /Could not find a version|No matching distribution|from versions:/,
    found: 'the package registry has not all of the locked packages',
    hint: 'look at the registry or mirror that pip is configured with (pip config list)',
  },
]

const lastLines = (output: string): string =>
  output
    .trimEnd()
    .split('\n')
    .slice(-LAST_LINES)
    .map((line) => `  ${line}`)
    .join('\n')
