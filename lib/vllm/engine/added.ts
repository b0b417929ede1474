/**
 * The list with one more at its end. Most lists of a step have one element: made with it they take room for one, where the first
 * that is pushed into an empty array takes room for seventeen.
 */
export const added = <T>(list: T[], one: T): T[] => {
  if (list.length === 0) return [one]
  list.push(one)
  return list
}
