/** A path as the container knows it, and the one that it really is. */
export interface Mount {
  path: string
  real: string
}

/**
 * Rewrites mount paths to their real folders in any text. A path counts where it stands alone: at the start or after
 * something that cannot belong to a path (`--config=/etc/x`, `file:///etc/x`), and up to a `/` or something that cannot continue a name.
 * One pass, the longest path wins, so what was rewritten is never read again.
 */
export const rewritePaths = (mounts: readonly Mount[]): ((text: string) => string) => {
  const real = new Map<string, string>()
  for (const mount of mounts) {
    const path = normal(mount.path)
    if (path !== '/' && !real.has(path)) real.set(path, mount.real)
  }
  if (real.size === 0) return (text) => text
  const paths = [...real.keys()].sort((a, b) => b.length - a.length).map(escape)
  const pattern = new RegExp(`(?<=^|://|[^\\w.\\-~/)\\]}*$%])(?:${paths.join('|')})(?![\\w.\\-~])`, 'gm')
  return (text) => text.replace(pattern, (path) => real.get(path) ?? path)
}

const LOOPBACK = /(?<![\d.])127\.0\.0\.1(?!\.?\d)/g

/** In ConfigMap text: as if the pod had a loopback of its own. */
export const rewriteLoopback = (text: string, address: string): string => text.replace(LOOPBACK, address)

// --- Internal helpers ---

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')

const normal = (path: string): string => `/${path.split('/').filter(Boolean).join('/')}`
