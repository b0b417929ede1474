import { describe, expect, test } from 'vitest'
import { buildRun, rule } from '../testing/build-run.ts'
import { score } from './score.ts'
import { verdictTable } from './table.ts'

const VERDICT = score(
  buildRun({
    steps: [
      {
        name: 'kill',
        injected: 100,
        effective: 101,
        healed: 130,
        recovered: 132,
        alerts: [['availability']],
        tolerates: ['queue'],
      },
      { name: 'template', fault: 'feature-flag', injected: 200, recovered: 240, alerts: [['cache', 'latency']] },
    ],
    rules: [rule('ReplicaDown', 'availability'), rule('QueueLong', 'queue'), rule('CacheFull', 'cache')],
    episodes: [
      { alert: 'ReplicaDown', pending: 102, fired: 106, resolved: 140 },
      { alert: 'QueueLong', pending: 110, fired: 114, resolved: 140 },
    ],
  }),
)

describe('the table', () => {
  const text = verdictTable(VERDICT, { columns: 110 })

  test('reads as people read it', () => {
    expect(text.replace(/requests[^]*?(?= {2}The client)/, 'requests …\n')).toMatchInlineSnapshot(`
      "FAULT     ALERT        VERDICT      EXPECTED    SEEN  REASON
      kill      ReplicaDown  ✓ on time    +4s…+12.5s  +6s   fired within its window
      kill      QueueLong    ✓ tolerated  may fire    +14s  fired, and the scenario tolerates it
      template  CacheFull    ✗ missed     +4s…+11.5s  –     did not fire (never pending) although the fault bit: it
                                                            bit

      3 quiet lines not shown (--verbose shows them)

      ✓ Did an availability alert fire when "kill" (pod-kill) was injected? Yes: ReplicaDown fired after 6s.
      ✗ Did a cache or latency alert fire when "template" (feature-flag) was injected? No: CacheFull: missed, did
        not fire (never pending) although the fault bit: it bit.
      ✓ Was every alert quiet before the first fault? Yes: nothing fired that should not have.
      ✓ Did everything else stay quiet? Yes: nothing fired that should not have.

      ✓ Load: 8 users for 280s, none missing; 528 requests …
        The client is not calibrated on this machine: how exact these times are is not known.

      FAIL  synthetic  (synthetic)
        - Did a cache or latency alert fire when "template" (feature-flag) was injected? CacheFull: missed, did not
          fire (never pending) although the fault bit: it bit
        - not checked: whether every alert fired as its own condition asks, and whether its samples are whole:
          prometheus/conditions.jsonl does not tell
      "
    `)
  })

  test('keeps to the width of the terminal, in colour or not', () => {
    for (const columns of [60, 80, 140]) {
      const lines = verdictTable(VERDICT, { columns, verbose: true }).split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(columns, 80))
      const coloured = verdictTable(VERDICT, { columns, verbose: true, colour: true })
      // eslint-disable-next-line no-control-regex -- colours are control sequences
      expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(lines.join('\n'))
      expect(coloured).not.toBe(lines.join('\n'))
    }
  })

  test('shows quiet alerts only when asked', () => {
    expect(text).toContain('quiet lines not shown')
    expect(verdictTable(VERDICT, { verbose: true })).not.toContain('not shown')
  })
})
