/** Preloaded: a machine whose clock is wrong by so many milliseconds (`?ms=60000`). Timers and the monotonic clock are right. */
const ms = Number(new URL(import.meta.url).searchParams.get('ms'))
const RealDate = Date

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], self) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + ms] : args, self),
  apply: () => new RealDate(RealDate.now() + ms).toString(),
  get: (target, name) => (name === 'now' ? () => RealDate.now() + ms : Reflect.get(target, name)),
})
