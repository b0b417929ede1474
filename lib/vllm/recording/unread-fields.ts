/** A warning that names the fields that the replay takes no notice of, once each. */
export const unreadFields = (
  of: string,
  objects: readonly object[],
  ...known: readonly ReadonlySet<string>[]
): string[] => {
  const fields = new Set(objects.flatMap((one) => Object.keys(one)))
  const unread = [...fields].filter((field) => known.every((set) => !set.has(field)))
  return unread.length === 0 ? [] : [`not known, and not heeded by the replay: ${unread.join(', ')} of ${of}`]
}
