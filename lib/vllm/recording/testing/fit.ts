import { type Fit, fitting } from '../fit.ts'
import type { Recording } from '../recording.ts'

/** To its end at once. */
export const fit = (recordings: readonly Recording[]): Fit => {
  const search = fitting(recordings)
  for (;;) {
    const { done, value } = search.next()
    if (done === true) return value
  }
}
