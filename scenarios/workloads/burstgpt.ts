import type { Lengths } from '../../lib/core/lengths.ts'
import { defineWorkload } from '../../lib/core/workload.ts'

const SOURCE = 'HPMLL/BurstGPT@e92f533b example/profile_server/server.py'

/** The generator draws both lengths from it. */
const ZIPF: Lengths = {
  quantiles: [
    [0, 1],
    [0.17908, 1],
    [0.26262, 2],
    [0.3161, 3],
    [0.35507, 4],
    [0.38556, 5],
    [0.41052, 6],
    [0.44976, 8],
    [0.47995, 10],
    [0.5044, 12],
    [0.52489, 14],
    [0.55041, 17],
    [0.57151, 20],
    [0.58947, 23],
    [0.60984, 27],
    [0.62718, 31],
    [0.65865, 40],
    [0.68801, 51],
    [0.7167, 65],
    [0.74076, 80],
    [0.76382, 98],
    [0.78548, 119],
    [0.80485, 142],
    [0.82361, 169],
    [0.8404, 198],
    [0.87218, 269],
    [0.90012, 355],
    [0.92639, 464],
    [0.95001, 594],
    [0.97079, 742],
    [0.99006, 916],
    [0.99903, 1012],
    [1, 1023],
  ],
  source: SOURCE,
  licence: 'CC-BY-4.0',
}

/**
 * The load generator that comes with BurstGPT, by its parameters: gamma arrivals of shape 0.25 and scale 2 s (later 0.5 and
 * 2 s), prompt and output lengths by Zipf's law with exponent 1.1 below 1,024, not fitted to the trace: half of the prompts
 * have at most a dozen tokens. What is BurstGPT's here are the bursts: `requests('gamma', { burstiness: 0.25 })` with another
 * workload has them too. A table of the trace's own lengths: `scripts/quantiles.ts BurstGPT_1.csv`.
 *
 * Wang et al., "BurstGPT: A real-world workload dataset to optimize LLM serving systems", KDD 2025: cite it with results.
 * CC-BY-4.0 of HPMLL/BurstGPT. Prompt and output are drawn independently, as there.
 */
export default defineWorkload({
  name: 'burstgpt',
  summary: 'Bursts as the generator that comes with BurstGPT makes them, lengths by the law of Zipf',
  endpoint: 'completions',
  promptTokens: ZIPF,
  outputTokens: ZIPF,
  sourceArrivals: { process: 'gamma', burstiness: 0.25, rate: 2, source: SOURCE },
  requestTimeout: '5m',
})
