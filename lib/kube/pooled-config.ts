import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { KubeConfig, type RequestContext } from '@kubernetes/client-node'
import type { Dispatcher } from 'undici'
import { parse } from 'yaml'
import { z } from 'zod'

/** Client certificates that a credential plugin renews are picked up this often, in milliseconds. */
const RENEW_MS = 600_000

/** As client-go: a token file is read again after this time, in milliseconds. */
const TOKEN_MS = 60_000

const Users = z.looseObject({
  users: z
    .array(z.looseObject({ name: z.string(), user: z.looseObject({ tokenFile: z.string().optional() }).nullish() }))
    .nullish(),
})

interface TokenFile {
  path: string
  readAt: number
}

/**
 * One pool of connections for all requests; the library's own config opens a new connection (and TLS session) for each.
 * And `tokenFile`, kubeconfig's key for a token that is renewed in place, which the library does not know.
 */
export class PooledKubeConfig extends KubeConfig {
  private pooled: { dispatcher: Dispatcher; since: number; context: string } | null = null
  private tokenFiles = new Map<string, TokenFile>()

  override loadFromString(...args: Parameters<KubeConfig['loadFromString']>): void {
    super.loadFromString(...args)
    this.tokenFiles.clear()
    for (const { name, user } of Users.safeParse(parse(args[0])).data?.users ?? []) {
      if (user?.tokenFile !== undefined) this.tokenFiles.set(name, { path: user.tokenFile, readAt: -Infinity })
    }
  }

  override makePathsAbsolute(rootDirectory: string): void {
    super.makePathsAbsolute(rootDirectory)
    for (const file of this.tokenFiles.values()) file.path = resolve(rootDirectory, file.path)
  }

  override async applySecurityAuthentication(request: RequestContext): Promise<void> {
    this.readToken()
    await super.applySecurityAuthentication(request)
    const dispatcher = request.getDispatcher()
    if (dispatcher === undefined) return
    const now = performance.now()
    const { pooled, currentContext: context } = this
    if (pooled !== null && pooled.context === context && now - pooled.since < RENEW_MS) {
      request.setDispatcher(pooled.dispatcher)
    } else this.pooled = { dispatcher, since: now, context }
  }

  private readToken(): void {
    const name = this.getCurrentUser()?.name ?? ''
    const file = this.tokenFiles.get(name)
    const now = performance.now()
    if (file === undefined || now - file.readAt < TOKEN_MS) return
    const token = readFileSync(file.path, 'utf8').trim()
    file.readAt = now
    this.users = this.users.map((user) => (user.name === name ? { ...user, token } : user))
  }
}
