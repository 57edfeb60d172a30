import { setTimeout as sleep } from 'node:timers/promises';
import type { Uniform } from '../../src/lib/seeded-random.js';
import type { Hospital } from './hospital.js';

/** A fault that lasts for a while. */
export interface InjectedFault {
  readonly name: string;
  /** Why a document may stay behind in a study that was deleted: see docs/reference/events.md. */
  readonly interruptsStoring?: boolean;
  /** Resolves when the fault is over. */
  inject(hospital: Hospital, random: Uniform): Promise<void>;
}

const between = (random: Uniform, fromMs: number, toMs: number): number => Math.round(fromMs + random() * (toMs - fromMs));

const serviceKilled: InjectedFault = {
  name: 'service killed',
  interruptsStoring: true,
  inject: ({ service }, random) => service.killOne(random),
};

const serviceRestarted: InjectedFault = {
  name: 'service restarted',
  interruptsStoring: true,
  inject: ({ service }, random) => service.restartOne(random),
};

const orthancKilled: InjectedFault = {
  name: 'Orthanc killed',
  interruptsStoring: true,
  inject: ({ pacs: { orthanc }, archive }, random) =>
    archive.exclusive.use(async () => {
      await orthanc.kill();
      await sleep(between(random, 300, 2_000));
      await orthanc.restart();
    }),
};

const postgresStopped: InjectedFault = {
  name: 'PostgreSQL stopped',
  async inject({ postgres }, random) {
    await postgres!.pause();
    await sleep(between(random, 300, 2_500));
    await postgres!.start();
  },
};

const postgresKilled: InjectedFault = {
  name: 'PostgreSQL killed',
  async inject({ postgres }, random) {
    await postgres!.kill();
    await sleep(between(random, 300, 1_500));
    await postgres!.start();
  },
};

const networkStalls: InjectedFault = {
  name: 'network stalls',
  interruptsStoring: true,
  async inject({ proxy }, random) {
    proxy.misbehave({ kind: 'delay', delayMs: 8_000 });
    await sleep(between(random, 1_000, 4_000));
    proxy.behave();
  },
};

const pacsIsSlow: InjectedFault = {
  name: 'PACS slow',
  async inject({ proxy }, random) {
    proxy.misbehave({ kind: 'delay', delayMs: between(random, 200, 1_500) });
    await sleep(between(random, 1_000, 5_000));
    proxy.behave();
  },
};

const networkBreaks: InjectedFault = {
  name: 'network breaks',
  interruptsStoring: true,
  async inject({ proxy }, random) {
    const afterBytes = between(random, 10, 60_000);
    proxy.misbehave({ kind: 'cut', afterBytes });
    await sleep(between(random, 500, 3_000));
    proxy.behave();
  },
};

const partition: InjectedFault = {
  name: 'partition',
  interruptsStoring: true,
  async inject({ proxy }, random) {
    proxy.misbehave({ kind: 'refuse' });
    await sleep(between(random, 500, 4_000));
    proxy.behave();
  },
};

const diskFull: InjectedFault = {
  name: 'disk full',
  async inject({ disk, postgres }, random) {
    disk!.fill();
    await sleep(between(random, 1_000, 4_000));
    disk!.free();
    // Without space for its log PostgreSQL ends; its supervisor starts it again.
    await postgres?.start();
  },
};

const decodersCrash: InjectedFault = {
  name: 'decoders crash',
  async inject({ service }, random) {
    for (let times = between(random, 1, 3); times > 0; times--) {
      for (const pid of service.decoders()) process.kill(pid, 'SIGSEGV');
      await sleep(between(random, 100, 1_000));
    }
  },
};

const clockJumps: InjectedFault = {
  name: 'clock jumps',
  async inject({ service }, random) {
    const hours = between(random, -40, 40);
    service.setClock({ ...service.clock, offsetMs: service.clock.offsetMs + hours * 3_600_000 });
    await sleep(between(random, 500, 3_000));
    // Every other time somebody corrects it.
    if (random() < 0.5) service.setClock({ ...service.clock, offsetMs: 0 });
  },
};

const timeZones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC'];

const timeZoneChanges: InjectedFault = {
  name: 'time zone changes',
  async inject({ service }, random) {
    service.setClock({ ...service.clock, timeZone: timeZones[Math.floor(random() * timeZones.length)]! });
  },
};

/** All faults that can be injected here. */
export function injectedFaultsOf({ disk, postgres }: Pick<Hospital, 'disk' | 'postgres'>): readonly InjectedFault[] {
  return [
    serviceKilled,
    serviceRestarted,
    orthancKilled,
    networkStalls,
    networkBreaks,
    partition,
    pacsIsSlow,
    decodersCrash,
    clockJumps,
    timeZoneChanges,
    ...(postgres ? [postgresStopped, postgresKilled] : []),
    ...(disk ? [diskFull] : []),
  ];
}
