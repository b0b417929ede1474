/** A Python traceback, without the lines of source. */
export const traceback = (frames: readonly string[], error: string): string =>
  ['Traceback (most recent call last):', ...frames.map((frame) => `  File "${frame}`), error].join('\n')
