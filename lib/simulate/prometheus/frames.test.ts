import { expect, test } from 'vitest'
import { createFrameWriter } from './frames.ts'

const AT = 1_790_000_000_123.4

const uint16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const float = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}
const time = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(Math.round(value)))
  return bytes
}
const text = (value: string): Buffer => Buffer.concat([uint16(Buffer.byteLength(value)), Buffer.from(value)])
const frame = (kind: string, ...payload: Buffer[]): Buffer => {
  const body = Buffer.concat([Buffer.from(kind), ...payload])
  return Buffer.concat([uint32(body.length), body])
}

test('frames are as tools/simulated-prometheus/frame.go reads them', () => {
  const frames = createFrameWriter()
  frames.series(0, { __name__: 'up', pod: 'a' })
  frames.scrape(AT)
  frames.sample(0, 1.5)
  // Found in the middle of a scrape, which goes on behind it; not all of it is ASCII.
  frames.series(1, { model: 'Mädchen', other: '🙂' })
  frames.sample(1, -0.25)
  frames.sample(0, Infinity)
  frames.stale(AT, [1, 0])
  frames.evaluate(AT)
  expect(frames.take()).toEqual(
    Buffer.concat([
      frame('N', uint32(1), uint32(0), uint16(2), ...['__name__', 'up', 'pod', 'a'].map(text)),
      frame('S', time(AT), uint32(1), uint32(0), float(1.5)),
      frame('N', uint32(1), uint32(1), uint16(2), ...['model', 'Mädchen', 'other', '🙂'].map(text)),
      frame('S', time(AT), uint32(2), uint32(1), float(-0.25), uint32(0), float(Infinity)),
      frame('X', time(AT), uint32(2), uint32(1), uint32(0)),
      frame('E', time(AT)),
    ]),
  )
  expect(frames.take()).toHaveLength(0)
})

test('what is written grows with what there is to write; a text that is too long is a bug', () => {
  const frames = createFrameWriter()
  const long = 'x'.repeat(60_000)
  frames.series(0, { __name__: long, other: long })
  frames.scrape(AT)
  for (let count = 0; count < 10_000; count++) frames.sample(0, count)
  const taken = frames.take()
  const named = frame('N', uint32(1), uint32(0), uint16(2), text('__name__'), text(long), text('other'), text(long))
  expect(taken.subarray(0, named.length)).toEqual(named)
  expect(taken.subarray(-12)).toEqual(Buffer.concat([uint32(0), float(9_999)]))
  expect(() => frames.series(1, { __name__: long + long })).toThrow(RangeError)
})
