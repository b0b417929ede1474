/** Turns pip's own lines into a line about how far it is; null for a line that says nothing new. */
export const pipProgress = (packages: number): ((line: string) => string | null) => {
  let collected = 0
  return (line) => {
    const collecting = /^Collecting (\S+?)==(\S+)/.exec(line)
    if (collecting !== null) {
      collected += 1
      return `package ${collected} of ${packages}: ${collecting[1]} ${collecting[2]}`
    }
    const downloading =
      /^\s+Downloading (\S+?)-\d\S* \((\d[\d.]*) GB|^\s+Downloading (\S+?)-\d\S* \((\d{2,}[\d.]*) MB/.exec(line)
    if (downloading !== null) {
      const [, huge, gigabytes, large, megabytes] = downloading
      const size = gigabytes === undefined ? `${megabytes} MB` : `${gigabytes} GB`
      return `package ${collected} of ${packages}: downloading ${huge ?? large} (${size})`
    }
    if (line.startsWith('Installing collected packages')) return `unpacking ${packages} packages, which takes minutes`
    return null
  }
}

/** How many packages a lock file names. */
export const countPackages = (lock: string): number => lock.match(/^[\w.-]+==/gm)?.length ?? 0
