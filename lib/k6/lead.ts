/** In which a prompt of some thousand tokens is put together, also where a few arrivals come at once. */
export const LEAD_MS = 20
