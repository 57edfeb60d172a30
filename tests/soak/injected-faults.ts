import { setTimeout as sleep } from 'node:timers/promises';
import type { Uniform } from '../../src/lib/seeded-random.js';
import type { FaultyProxy } from '../support/faulty-proxy.js';
import type { TestOrthanc } from '../support/orthanc.js';
import type { PrivatePostgres } from '../support/postgres.js';
import type { SmallDisk } from '../support/small-disk.js';

/** The running system in which faults are injected. */
export interface Infrastructure {
  readonly pacs: TestOrthanc;
  readonly proxy: FaultyProxy;
  readonly postgres: PrivatePostgres;
  readonly disk: SmallDisk | undefined;
  /** kill -9 and a new start of one of the processes of the service. */
  killService(random: Uniform): Promise<void>;
  /** Decoder processes of the service. */
  decoders(): readonly number[];
}

/** A fault that lasts for a while. */
export interface InjectedFault {
  readonly name: string;
  /** Resolves when the fault is over. */
  inject(infrastructure: Infrastructure, random: Uniform): Promise<void>;
}

const between = (random: Uniform, fromMs: number, toMs: number): number => Math.round(fromMs + random() * (toMs - fromMs));

const serviceKilled: InjectedFault = { name: 'service killed', inject: ({ killService }, random) => killService(random) };

const orthancKilled: InjectedFault = {
  name: 'Orthanc killed',
  async inject({ pacs: { orthanc } }, random) {
    await orthanc.kill();
    await sleep(between(random, 300, 2_500));
    await orthanc.restart();
  },
};

const postgresStopped: InjectedFault = {
  name: 'PostgreSQL stopped',
  async inject({ postgres }, random) {
    await postgres.pause();
    await sleep(between(random, 300, 3_000));
    await postgres.start();
  },
};

const postgresKilled: InjectedFault = {
  name: 'PostgreSQL killed',
  async inject({ postgres }, random) {
    await postgres.kill();
    await sleep(between(random, 300, 1_500));
    await postgres.start();
  },
};

const networkStalls: InjectedFault = {
  name: 'network stalls',
  async inject({ proxy }, random) {
    proxy.misbehave({ kind: 'delay', delayMs: 8_000 });
    await sleep(between(random, 1_000, 5_000));
    proxy.behave();
  },
};

const networkBreaks: InjectedFault = {
  name: 'network breaks',
  async inject({ proxy }, random) {
    const afterBytes = between(random, 10, 60_000);
    proxy.misbehave(random() < 0.5 ? { kind: 'cut', afterBytes } : { kind: 'refuse' });
    await sleep(between(random, 500, 3_000));
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
    await postgres.start();
  },
};

const decodersCrash: InjectedFault = {
  name: 'decoders crash',
  async inject({ decoders }, random) {
    for (let times = between(random, 1, 3); times > 0; times--) {
      for (const pid of decoders()) process.kill(pid, 'SIGSEGV');
      await sleep(between(random, 100, 1_000));
    }
  },
};

/** All faults that can be injected here. */
export function injectedFaultsOf({ disk }: { readonly disk: SmallDisk | undefined }): readonly InjectedFault[] {
  return [
    serviceKilled,
    orthancKilled,
    postgresStopped,
    postgresKilled,
    networkStalls,
    networkBreaks,
    decodersCrash,
    ...(disk ? [diskFull] : []),
  ];
}
