/** Where stages that start from 0 and move linearly stand after `at` milliseconds; after the last, where that ends. No zod: k6's script has it. */
export const levelAt = (stages: readonly { to: number; over: number }[], at: number): number => {
  let from = 0
  let begun = 0
  for (const { to, over } of stages) {
    if (at < begun + over) return from + ((to - from) * Math.max(0, at - begun)) / over
    begun += over
    from = to
  }
  return from
}
