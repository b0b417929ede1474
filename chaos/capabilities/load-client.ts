import { RUN_LABEL } from '../../lib/core/fault-resource.ts'
import { defineCapability } from '../controller/capability.ts'

/** Only the k6 of a run carries out what is done to the load. */
export default defineCapability({
  name: 'load-client',
  summary: 'a run whose load goes on',
  needs: [],

  async ask({ run }) {
    if (run !== null) return { ok: true, run }
    const reason = `expected the timeline of a run, whose k6 carries it out, found none: a Fault made by hand has no label ${RUN_LABEL}`
    return { ok: false, reason }
  },
})
