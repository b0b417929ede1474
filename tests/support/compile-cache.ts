import { fileURLToPath } from 'node:url'

/** Where V8 keeps what it made of the sources, for the hundreds of short processes of the tests: half of what a start costs. */
export const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/firedrill-compile', import.meta.url))
