/** Places for so many things, all of them empty. `Array.from` would take six times as long, and an engine has tens of thousands. */
export const emptySlots = <T>(length: number): (T | null)[] => {
  const slots: (T | null)[] = []
  slots.length = length
  return slots.fill(null)
}

/** The same numbers, with room for as many more. */
export const doubled = (numbers: Float64Array): Float64Array<ArrayBuffer> => {
  const wider = new Float64Array(2 * numbers.length)
  wider.set(numbers)
  return wider
}
