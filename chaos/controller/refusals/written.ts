import type { Kube } from '../../../lib/kube/client.ts'

/** The same clients; `told` gets what the API server gives back for each object that is written. */
export const tellingWrites = (kube: Kube, told: (object: unknown) => void): Kube => ({
  ...kube,
  batch: telling(kube.batch, told),
  custom: telling(kube.custom, told),
})

// --- Internal helpers ---

const WRITES = /^(create|replace|patch)/

const telling = <Client extends object>(client: Client, told: (object: unknown) => void): Client =>
  new Proxy(client, {
    get: (target, name) => {
      const call: unknown = Reflect.get(target, name)
      if (typeof call !== 'function' || !WRITES.test(String(name))) return call
      return async (...given: unknown[]): Promise<unknown> => {
        const answer: unknown = await Reflect.apply(call, target, given)
        told(answer)
        return answer
      }
    },
  })
