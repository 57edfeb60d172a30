/** Lets the clock of this process jump, as a wrong NTP server or a resumed virtual machine does: `Date` is shifted, timers are not. */
let offsetMs = 0;

const RealDate = globalThis.Date;

globalThis.Date = new Proxy(RealDate, {
  construct(target, parameters: unknown[], newTarget) {
    const given = parameters.length === 0 ? [target.now() + offsetMs] : parameters;
    return Reflect.construct(target, given, newTarget === globalThis.Date ? target : newTarget) as Date;
  },
  apply: (target) => new target(target.now() + offsetMs).toString(),
  get: (target, name, receiver: unknown) => (name === 'now' ? () => target.now() + offsetMs : Reflect.get(target, name, receiver)),
});

export interface Clock {
  /** Added to the time of the machine. */
  readonly offsetMs: number;
  /** Of the process, as an IANA name. */
  readonly timeZone: string;
}

export function setClock(clock: Clock): void {
  offsetMs = clock.offsetMs;
  process.env['TZ'] = clock.timeZone;
}
