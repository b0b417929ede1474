import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http'
import { Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { UpstreamRule } from '../../../../lib/core/upstream-rules.ts'
import { holdOf, type Packet } from './hold.ts'

/**
 * The gateway's connections to one replica. Without rules they are what an Agent makes, at the price of a look at each request;
 * chunks of answers are never looked at. With rules, what the gateway sends is held back: requests, and the first
 * packet of a new connection. A partition also stops the reading, of answers that are under way as well.
 */
export class Link extends Agent {
  #rules: readonly UpstreamRule[] = []
  readonly #random: () => number
  readonly #sockets = new Set<LinkSocket>()
  readonly #held = new Set<() => void>()

  constructor(options: AgentOptions, random: () => number) {
    super(options)
    this.#random = random
  }

  /** These are in force from now on. What the ones before hold goes on its way, unless this is a partition. */
  apply(rules: readonly UpstreamRule[]): void {
    if (isDeepStrictEqual(rules, this.#rules)) return
    this.#rules = rules
    // What is sent now may be followed by more, which the new rules hold.
    const held = [...this.#held]
    for (const release of held) release()
    for (const socket of this.#sockets) {
      if (this.#isCut()) socket.cut()
      else socket.mend()
    }
  }

  override createConnection({ host, port, timeout }: ClientRequestArgs): Socket {
    const socket = new LinkSocket(this)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (timeout !== undefined) socket.setTimeout(timeout)
    socket.setNoDelay(true)
    socket.connect({ host: host ?? '', port: Number(port) })
    if (this.#isCut()) socket.cut()
    return socket
  }

  hold(packet: Packet): number {
    return this.#rules.length === 0 ? 0 : holdOf(this.#rules, packet, this.#random)
  }

  /** Sends after so long, or when the rules change; in a partition, after it. What comes back takes it back. */
  sendAfter(ms: number, send: () => void): () => void {
    const forget = (): void => {
      clearTimeout(timer)
      this.#held.delete(release)
    }
    const release = (): void => {
      if (this.#isCut()) return
      forget()
      send()
    }
    const timer = setTimeout(release, Math.min(ms, LONGEST_MS))
    this.#held.add(release)
    return forget
  }

  #isCut(): boolean {
    return this.#rules.some(({ kind }) => kind === 'partition')
  }
}

// --- Internal helpers ---

/** What setTimeout takes: three weeks. */
const LONGEST_MS = 2_147_483_647

type Written = (error?: Error | null) => void

class LinkSocket extends Socket {
  readonly #link: Link
  readonly #openAt: number

  constructor(link: Link) {
    super()
    this.#link = link
    this.#openAt = performance.now() + link.hold('handshake')
  }

  override _write(chunk: unknown, encoding: BufferEncoding, written: Written): void {
    this.#send(() => super._write(chunk, encoding, written))
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], written: Written): void {
    this.#send(() => super._writev?.(chunks, written))
  }

  /** Reads no more, whoever asks for it: what comes stays with the kernel, as what is sent again after a partition. */
  cut(): void {
    this.pause()
    this.resume = () => this
  }

  mend(): void {
    if (!Object.hasOwn(this, 'resume')) return
    Reflect.deleteProperty(this, 'resume')
    this.resume()
  }

  #send(send: () => void): void {
    const wait = Math.max(0, this.#openAt - performance.now()) + this.#link.hold('data')
    if (wait === 0) return send()
    const forget = this.#link.sendAfter(wait, () => {
      this.off('close', forget)
      send()
    })
    this.once('close', forget)
  }
}
