import { z } from 'zod'

/** One flag, as flagd's schema has it (https://flagd.dev/schema/v0/flags.json). Loose: what we do not know stays as it is. */
export const Flag = z.looseObject({
  state: z.enum(['ENABLED', 'DISABLED']),
  variants: z.record(z.string(), z.unknown()),
  defaultVariant: z.string().nullish(),
  targeting: z.unknown().optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
})
export type Flag = z.infer<typeof Flag>

const FlagDocument = z.looseObject({ flags: z.record(z.string(), Flag) })
export type FlagDocument = z.infer<typeof FlagDocument>

/** Throws where the text is no flag document. */
export const parseFlags = (text: string): FlagDocument => FlagDocument.parse(JSON.parse(text))

/** The document with one flag replaced; every other flag, and the order, stay. */
export const withFlag = (document: FlagDocument, name: string, flag: Flag): string =>
  `${JSON.stringify({ ...document, flags: { ...document.flags, [name]: flag } }, null, 2)}\n`

export interface Flip {
  variant: string
  /** Percent of targeting keys that get the variant. */
  share: number
  /** Seconds since the epoch, when the flag goes back to what it was by itself. */
  expiresAt: number
  /** Kept in the flag's metadata, so that it is known later whose flip it is. */
  mark: Record<string, string>
}

/** The flag with a targeting rule in front of its own: `variant` until it expires, then whatever it gave before. */
export const flipped = (flag: Flag, { variant, share, expiresAt, mark }: Flip): Flag => {
  const beforeEnd = { '<': [{ var: '$flagd.timestamp' }, expiresAt] }
  const chosen = {
    '==': [
      {
        fractional: [
          [variant, share],
          ['', 100 - share],
        ],
      },
      variant,
    ],
  }
  const when = share === 100 ? beforeEnd : { and: [beforeEnd, chosen] }
  const before = isRule(flag.targeting) ? flag.targeting : (flag.defaultVariant ?? null)
  return { ...flag, targeting: { if: [when, variant, before] }, metadata: { ...flag.metadata, ...mark } }
}

// --- Internal helpers ---

/** flagd reads `{}` as no rule. */
const isRule = (targeting: unknown): boolean =>
  typeof targeting === 'object' && targeting !== null && Object.keys(targeting).length > 0
