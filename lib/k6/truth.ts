import { finite } from '../core/finite.ts'

/**
 * What Prometheus says to a condition now. It is true where anything is returned, and nothing is known where there is no answer,
 * or one that says nothing of now. No imports of k6.
 */
export type Truth = { kind: 'true'; value: number } | { kind: 'false' } | { kind: 'unknown'; message: string }

type Sample = [at: number, value: string]

/** Of Prometheus' instant query. */
export interface Answer {
  data?:
    | { resultType: 'vector'; result: { value: Sample }[] }
    | { resultType: 'scalar'; result: Sample }
    | { resultType: 'matrix' | 'string'; result: unknown }
}

export const truthOf = ({ data }: Answer): Truth => {
  switch (data?.resultType) {
    case 'vector': {
      const [first] = data.result
      return first === undefined ? { kind: 'false' } : { kind: 'true', value: valueOf(first.value) }
    }
    case 'scalar':
      return { kind: 'true', value: valueOf(data.result) }
    default:
      return { kind: 'unknown', message: `expected a vector or a scalar, found ${data?.resultType ?? 'no result'}` }
  }
}

// --- Internal helpers ---

const valueOf = ([, text]: Sample): number => finite(Number(text.replace('Inf', 'Infinity')))
