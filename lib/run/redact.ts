/** In place of what nobody is to read in a run folder. */
const HIDDEN = '***'

const HEADER_FLAGS = ['--header', '--url-header']

/**
 * A command line that may be shown and kept: the values of headers and the userinfo of URLs are hidden. Every word after
 * a header flag up to the next flag is a header, as it is parsed; the header's name stays.
 */
export const redactArgv = (argv: readonly string[]): string[] => {
  let inHeaders = false
  return argv.map((word) => {
    const flag = HEADER_FLAGS.find((name) => word === name || word.startsWith(`${name}=`))
    if (flag !== undefined && word !== flag) {
      inHeaders = false
      return `${flag}=${redactHeader(word.slice(flag.length + 1))}`
    }
    if (word.startsWith('-')) inHeaders = flag !== undefined
    else if (inHeaders) return redactHeader(word)
    return redactUrl(word)
  })
}

/** Any text with URLs in it, without their userinfo: `https://user:password@host` is `https://***@host`. */
export const redactUrl = (text: string): string =>
  text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi, `$1${HIDDEN}@`)

// --- Internal helpers ---

const redactHeader = (line: string): string => {
  const name = /^[^:\s]+(?=\s*:)/.exec(line)?.[0]
  return name === undefined ? HIDDEN : `${name}: ${HIDDEN}`
}
