/** Where a pod is scraped, by convention: a relabelling rule of Prometheus' puts it into the target's address. */
export const SCRAPE_PORT = 'prometheus.io/port'

/** On a pod whose port was changed: the id of the fault. */
export const SCRAPE_MARK = 'firedrill.dev/scrape-loss'
