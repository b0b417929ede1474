import { errorMessage } from '../../../../lib/core/errors.ts'
import { parseUpstreamRules } from '../../../../lib/core/upstream-rules.ts'
import { followFile } from '../follow-file.ts'
import type { Log } from '../log.ts'
import type { Links } from './links.ts'

export interface UpstreamFaultsOptions {
  path: string
  links: Pick<Links, 'apply'>
  log: Log
  signal: AbortSignal
}

/** Does to the links what the file says. Without a file, or with one that cannot be read, nothing is done to any. */
export const followUpstreamRules = ({ path, links, log, signal }: UpstreamFaultsOptions): Promise<void> =>
  followFile({
    path,
    signal,
    onText: (text) => {
      try {
        const rules = text === null ? [] : parseUpstreamRules(text)
        links.apply(rules)
        log('info', 'upstream rules', { path, rules })
      } catch (error) {
        links.apply([])
        log('error', 'upstream rules cannot be read: none is in force', { path, error: errorMessage(error) })
      }
    },
  })
