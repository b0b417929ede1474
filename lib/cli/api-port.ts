/** What fetch refuses to talk to, of the ports that need no rights: https://fetch.spec.whatwg.org/#port-blocking */
export const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
])

/** The port that the text names, where an API server can listen and be reached; null otherwise. */
export const parseApiPort = (text: string): number | null => {
  const port = Number(text)
  return /^\d+$/.test(text) && port >= 1_024 && port <= 65_535 && !BLOCKED_PORTS.has(port) ? port : null
}
