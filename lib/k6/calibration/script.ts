/** What k6 runs when its client is measured: users, or arrivals, and nothing else. */
import { sleep } from 'k6'
import type { Options } from 'k6/options'
import { Arrivals, Client } from 'k6/x/llm'
import { LEAD_MS } from '../lead.ts'

const plan = JSON.parse(__ENV['FIREDRILL_CALIBRATION'] ?? '') as {
  url: string
  spool: string
  vus: number
  seconds: number
  /** Longest that a request takes. */
  tailSeconds: number
  arrivals: { process: 'constant' | 'poisson'; rate: number } | null
}

export const options: Options = {
  scenarios: {
    load: {
      executor: 'constant-vus',
      vus: plan.vus,
      duration: `${plan.seconds}s`,
      gracefulStop: `${plan.tailSeconds}s`,
    },
  },
  systemTags: ['scenario', 'status'],
}

const client = new Client({ url: plan.url, spool: plan.spool, timeout: plan.tailSeconds * 1_000 })

const arrivals =
  plan.arrivals === null
    ? null
    : new Arrivals({
        lead: LEAD_MS,
        seed: 1,
        process: plan.arrivals.process,
        stages: [
          { to: plan.arrivals.rate, over: 0 },
          { to: plan.arrivals.rate, over: plan.seconds * 1_000 },
        ],
      })

const body = () => ({ model: 'calibration', messages: [{ role: 'user', content: 'hi' }] })

export default (): void => {
  if (arrivals === null) {
    client.chat(body())
    return
  }
  const arrival = arrivals.next()
  if (arrival === null) sleep(0.2)
  else client.chat(body(), { arrival })
}

export const handleSummary = (): Record<string, string> => ({})
