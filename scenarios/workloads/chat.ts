import { defineWorkload } from '../../lib/core/workload.ts'

/** Short chats with a common system prompt. Published distributions are far wider: this one is for drills of minutes. */
export default defineWorkload({
  name: 'chat',
  summary: 'Short questions under a common system prompt, with pauses to read the answer',
  endpoint: 'chat',
  sharedPromptTokens: 120,
  promptTokens: { min: 100, max: 300 },
  // The drill's alerts are set by this load: the template comes on top, whether or not the target has a /tokenize.
  promptTokenizer: 'calibrated',
  outputTokens: { min: 60, max: 140 },
  thinkTime: { min: '2s', max: '6s' },
  requestTimeout: '60s',
})
