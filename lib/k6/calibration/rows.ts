import { readFile } from 'node:fs/promises'
import { z } from 'zod'

/** What the comparison needs of a request record; the minimal reader writes these fields and no others. */
export const Row = z.object({
  id: z.string(),
  intended: z.number().nullable(),
  started: z.number(),
  written: z.number().nullable(),
  ttft: z.number().nullable(),
  gapMax: z.number().nullable(),
  gaps: z.array(z.tuple([z.number(), z.number().int()])),
  chunks: z.number().int(),
  coalesced: z.number().int(),
  outcome: z.string(),
})
export type Row = z.infer<typeof Row>

export const readRows = async (spool: string): Promise<Row[]> => {
  const text = await readFile(spool, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Row.parse(JSON.parse(line)))
}
