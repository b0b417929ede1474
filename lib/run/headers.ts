import { EXIT, UserError } from '../core/errors.ts'

/** `Name: value`, as curl takes them. The error names the flag and never the value, which may be a secret. */
export const parseHeaders = (lines: readonly string[], flag: string): Record<string, string> =>
  Object.fromEntries(lines.map((line) => parseHeader(line, flag)))

// --- Internal helpers ---

const NAME = /^([\w!#$%&'*+.^`|~-]+)\s*:/

const parseHeader = (line: string, flag: string): [string, string] => {
  const match = NAME.exec(line)
  if (match?.[1] !== undefined) return [match[1], line.slice(match[0].length).trim()]
  throw new UserError({
    code: 'header-invalid',
    message: `expected a header as "Name: value" after ${flag}, found one of ${line.length} characters without a name`,
    hint: `for example ${flag} "Authorization: Bearer …"`,
    exitCode: EXIT.usage,
  })
}
