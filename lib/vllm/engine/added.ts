/**
 * The list with one more at its end. Most lists of a step have one element: made with it they take room for one, where the first
 * that is pushed into an empty array takes room for seventeen. One without any is left as it is, so all of those can be `none`.
 */
export const added = <T>(list: T[], one: T): T[] => {
  if (list.length === 0) return [one]
  list.push(one)
  return list
}

/** An empty list that stands for all of them: nobody pushes into it. */
export const none = <T>(): T[] => NONE

// --- Internal helpers ---

const NONE: never[] = []
