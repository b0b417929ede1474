/** Of the alerts that fire, look by look, those that began after the first: what fired already is nobody's fault, until it resolves. */
export const freshAlerts = (): ((firing: readonly string[]) => string[]) => {
  let before: ReadonlySet<string> | null = null
  return (firing) => {
    const now: ReadonlySet<string> = new Set(firing)
    const still: ReadonlySet<string> = before === null ? now : before.intersection(now)
    before = still
    return [...now].filter((alert) => !still.has(alert))
  }
}
