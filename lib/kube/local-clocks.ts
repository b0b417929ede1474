/** This machine's two clocks: the one can be set, the other stands still while the machine is suspended. In milliseconds. */
export interface LocalClocks {
  /** Since the epoch. */
  wall(): number
  monotonic(): number
}

export const localClocks: LocalClocks = { wall: () => Date.now(), monotonic: () => performance.now() }

export interface Moment {
  wall: number
  monotonic: number
}

export const momentOf = ({ wall, monotonic }: LocalClocks): Moment => ({ wall: wall(), monotonic: monotonic() })

/** As the one of them has it that says more: nobody knows of which the other is wrong. */
export const mostSince = (then: Moment, clocks: LocalClocks): number =>
  Math.max(clocks.wall() - then.wall, clocks.monotonic() - then.monotonic)

/** How far they went apart: a suspension, or somebody who set the clock. */
export const partedSince = (then: Moment, clocks: LocalClocks): number =>
  Math.abs(clocks.wall() - then.wall - (clocks.monotonic() - then.monotonic))
