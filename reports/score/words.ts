/** `12.4s`: a duration as people compare them in a table. */
export const seconds = (ms: number): string => `${(Math.round(ms / 100) / 10).toFixed(1).replace(/\.0$/, '')}s`

/** `+8s`, `-2s`: a time as seen from another. */
export const relative = (at: number, origin: number): string => {
  const text = seconds(Math.abs(at - origin))
  return `${at < origin && text !== '0s' ? '-' : '+'}${text}`
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
