import { z } from 'zod'

/** What a played GPU has been made to do and tell. Nothing computes on it: what it tells without an injection stays the same. */
export interface PlayedGpu {
  limitWatts: number
  /** Readings by their metric, injected ones as they were injected. */
  tells: Record<string, number>
}

const DeviceBody = z.object({ limitWatts: z.number(), maxWatts: z.number() })

export const readGpu = async (url: string): Promise<PlayedGpu> => {
  const [device, page] = await Promise.all([fetch(`${url}/v1/device`), fetch(`${url}/metrics`)])
  const { limitWatts } = DeviceBody.parse(await device.json())
  const samples = [...(await page.text()).matchAll(/^(\w+)\{.*\} (\S+)$/gm)]
  return { limitWatts, tells: Object.fromEntries(samples.map(([, name = '', value]) => [name, Number(value)])) }
}

/** The power limit as it came from the factory; injections pass by themselves. */
export const resetGpu = async (url: string): Promise<void> => {
  const { maxWatts } = DeviceBody.parse(await (await fetch(`${url}/v1/device`)).json())
  await fetch(`${url}/v1/power-limit`, { method: 'POST', body: JSON.stringify({ watts: maxWatts }) })
}
