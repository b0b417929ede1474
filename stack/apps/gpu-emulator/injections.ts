/** DCGM's numbers of the fields that the page has (dcgm_fields.h). */
export const FIELDS: Record<string, number> = {
  DCGM_FI_DEV_SM_CLOCK: 100,
  DCGM_FI_DEV_GPU_TEMP: 150,
  DCGM_FI_DEV_POWER_USAGE: 155,
  DCGM_FI_DEV_GPU_UTIL: 203,
  DCGM_FI_DEV_MEM_COPY_UTIL: 204,
  DCGM_FI_DEV_XID_ERRORS: 230,
  DCGM_FI_DEV_FB_FREE: 251,
  DCGM_FI_DEV_FB_USED: 252,
  DCGM_FI_DEV_FB_RESERVED: 253,
}

/**
 * Values that somebody put into DCGM's cache (`dcgmi test --inject`): a sample with a time to come is the latest until then, and what
 * is really measured shows again afterwards. Of two, the one with the later time counts.
 */
export interface Injections {
  add(field: number, value: number, until: number): void
  /** Null where what is measured counts. */
  value(field: number, now: number): number | null
}

export const createInjections = (): Injections => {
  const latest = new Map<number, { value: number; until: number }>()
  return {
    add: (field, value, until) => {
      if (until >= (latest.get(field)?.until ?? 0)) latest.set(field, { value, until })
    },
    value: (field, now) => {
      const found = latest.get(field)
      return found === undefined || now >= found.until ? null : found.value
    },
  }
}
