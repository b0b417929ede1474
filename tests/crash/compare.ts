import type { Snapshot } from './snapshot.ts'

/** What differs, a line each: `configmaps/feature-flags data.flags.json: expected "a", found "b"`. Empty where nothing is left. */
export const leftovers = (before: Snapshot, after: Snapshot): string[] =>
  [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .flatMap((name) => differences(before.get(name), after.get(name), []).map((line) => `${short(name)}${line}`))

// --- Internal helpers ---

const differences = (before: unknown, after: unknown, path: readonly string[]): string[] => {
  if (isPlain(before) && isPlain(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => differences(before[key], after[key], [...path, key]))
  }
  const [expected, found] = [JSON.stringify(before), JSON.stringify(after)]
  if (expected === found) return []
  return [`${path.map((key) => ` ${key}`).join('')}: expected ${short(expected)}, found ${short(found)}`]
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const short = (text: string | undefined): string =>
  text === undefined ? 'nothing' : text.length > 200 ? `${text.slice(0, 200)}…` : text
