// A client that opens so many streams and reads them as fast as they come: a process of its own, so that its work is nobody else's.
// node scripts/bench-engine/stream-reader.ts URL STREAMS MAX_TOKENS; tells its parent how many streams have begun and how many events came.
import { Agent, request } from 'node:http'
import process from 'node:process'

const [url = '', streams = '0', maxTokens = '0'] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
let begun = 0
let events = 0

const END = Buffer.from('\n\n')

const count = (part: Buffer): number => {
  let found = 0
  for (let at = part.indexOf(END); at !== -1; at = part.indexOf(END, at + END.length)) found++
  return found
}

for (let index = 0; index < Number(streams); index++) {
  const prompt = `${index} `.padEnd(400, 'some words of a prompt ')
  const body = { model: 'm-8B', prompt, max_tokens: Number(maxTokens), ignore_eos: true, stream: true }
  const headers = { 'content-type': 'application/json' }
  const call = request(`${url}/v1/completions`, { method: 'POST', agent, headers }, (response) => {
    response.once('data', () => {
      begun++
    })
    response.on('data', (part: Buffer) => {
      events += count(part)
    })
  })
  call.on('error', (error) => process.send?.({ error: error.message }))
  call.end(JSON.stringify(body))
}
setInterval(() => process.send?.({ begun, events }), 250)
process.once('disconnect', () => process.exit())
