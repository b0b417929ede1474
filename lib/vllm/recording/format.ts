import { z } from 'zod'
import { errorMessage } from '../../core/errors.ts'
import { sortRequests } from './format-requests.ts'
import { FILE_FIELDS, RecordingFile, type Row } from './format-schema.ts'
import { notModelled, notRecording } from './not-recording.ts'
import type { Recording, Scrape } from './recording.ts'
import { serverOptions } from './server-options.ts'
import { unreadFields } from './unread-fields.ts'
import { warmCache } from './warm-cache.ts'

/** A recording from the text of its file; `name` is how messages and tables call it. */
export const parseRecording = (text: string, name: string): Recording => {
  const parsed = RecordingFile.safeParse(readJson(text, name))
  if (!parsed.success) throw notRecording(name, z.prettifyError(firstIssues(parsed.error)))
  const { server, requests: rows, metrics, shared_prefix_tokens: sharedPrefixTokens } = parsed.data
  const { config, warnings } = serverOptions(server, name)
  const { requests, aborted, leftOut, ...sorted } = sortRequests(rows, server.scheduling_policy ?? null, name)
  if (requests.length === 0) {
    throw notRecording(name, `${rows.length} requests, none of them with status 200 and answered in full`)
  }
  const scrapes = readScrapes(metrics, name)
  const recording: Recording = {
    name,
    config,
    sharedPrefixTokens,
    requests,
    aborted,
    scrapes,
    leftOut: { ...leftOut, scrapes: metrics.length - scrapes.length },
    warnings: [...warnings, ...sorted.warnings, ...unreadFields('the file', [parsed.data], FILE_FIELDS, NO_EFFECT)],
  }
  requireFit(recording)
  return { ...recording, warnings: [...recording.warnings, ...warmCache(recording)] }
}

// --- Internal helpers ---

const readJson = (text: string, name: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notRecording(name, `no JSON: ${errorMessage(error)}`)
  }
}

/** A file of another kind has an issue for every row: the first few say enough. */
const firstIssues = ({ issues }: z.ZodError): z.ZodError => new z.ZodError(issues.slice(0, MOST_ISSUES))
const MOST_ISSUES = 5

/** How the recorder made it. */
const NO_EFFECT = new Set(['pattern', 'seed'])

const VALUES = {
  running: 'vllm:num_requests_running',
  waiting: 'vllm:num_requests_waiting',
  kvCacheUsage: 'vllm:kv_cache_usage_perc',
  preemptions: 'vllm:num_preemptions_total',
  prefixQueries: 'vllm:prefix_cache_queries_total',
  prefixHits: 'vllm:prefix_cache_hits_total',
} as const

/** Those that have every value. */
const readScrapes = (rows: readonly Row[], name: string): Scrape[] => {
  const scrapes = rows.flatMap(toScrape).sort((a, b) => a.atMs - b.atMs)
  if (scrapes.length < 2) {
    const missing = Object.values(VALUES).filter((value) => rows.some((row) => typeof row[value] !== 'number'))
    throw notRecording(
      name,
      `${scrapes.length} whole scrapes of ${rows.length}: others are without ${missing.join(', ')}`,
    )
  }
  for (const [index, scrape] of scrapes.entries()) {
    const before = scrapes[index - 1] ?? scrape
    for (const counter of ['preemptions', 'prefixQueries', 'prefixHits'] as const) {
      if (scrape[counter] >= before[counter]) continue
      const fall = `falls from ${before[counter]} to ${scrape[counter]} at ${scrape.atMs / 1_000} s`
      throw notRecording(name, `${VALUES[counter]}, which ${fall}: the server was started anew`)
    }
  }
  return scrapes
}

const toScrape = (row: Row): Scrape[] => {
  const [running, waiting, kvCacheUsage] = [row[VALUES.running], row[VALUES.waiting], row[VALUES.kvCacheUsage]]
  const preemptions = row[VALUES.preemptions]
  const [prefixQueries, prefixHits] = [row[VALUES.prefixQueries], row[VALUES.prefixHits]]
  if (typeof running !== 'number' || typeof waiting !== 'number' || typeof kvCacheUsage !== 'number') return []
  if (typeof preemptions !== 'number' || typeof prefixQueries !== 'number' || typeof prefixHits !== 'number') return []
  return [{ atMs: row.t_s * 1_000, running, waiting, kvCacheUsage, preemptions, prefixQueries, prefixHits }]
}

/** A request that the recorded engine cannot have run would wait for ever in the model. */
const requireFit = ({ config, requests, aborted, name }: Recording): void => {
  const { maxModelLen, numGpuBlocks, blockSize, maxNumBatchedTokens, enableChunkedPrefill } = config
  // The last token is given out and never computed: it needs no KV, and no place in a step.
  const mostKv = (numGpuBlocks - 1) * blockSize + 1
  const sizes = [
    ...requests.map(({ index, promptTokens, outputTokens }) => ({ index, promptTokens, outputTokens })),
    ...aborted.map(({ index, promptTokens }) => ({ index, promptTokens, outputTokens: 1 })),
  ]
  for (const { index, promptTokens, outputTokens } of sizes) {
    const size = `request ${index} of ${promptTokens} + ${outputTokens} tokens`
    const most = Math.min(maxModelLen, mostKv)
    if (promptTokens + outputTokens > most) {
      throw notRecording(name, `${size}, while the server's settings allow ${most}`)
    }
    if (enableChunkedPrefill === false && promptTokens + outputTokens - 1 > maxNumBatchedTokens) {
      const found = `${size}, with chunked prefill off and ${maxNumBatchedTokens} tokens in a step: it may never run`
      throw notModelled(name, found, 'correct server.chunked_prefill or server.max_num_batched_tokens, or leave it out')
    }
  }
}
