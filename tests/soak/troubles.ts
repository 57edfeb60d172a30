import { setTimeout as sleep } from 'node:timers/promises';
import type { Uniform } from '../../src/lib/seeded-random.js';
import type { FaultyProxy } from '../support/faulty-proxy.js';
import type { TestOrthanc } from '../support/orthanc.js';
import type { PrivatePostgres } from '../support/postgres.js';
import type { SmallDisk } from '../support/small-disk.js';

/** What a trouble befalls. */
export interface Surroundings {
  readonly pacs: TestOrthanc;
  readonly proxy: FaultyProxy;
  readonly postgres: PrivatePostgres;
  readonly disk: SmallDisk | undefined;
  /** kill -9 and a new start of one of the processes of the service. */
  killService(random: Uniform): Promise<void>;
  /** Decoder processes of the service. */
  decoders(): readonly number[];
}

/** Comes, lasts, and is over when it resolves. */
export interface Trouble {
  readonly name: string;
  befall(surroundings: Surroundings, random: Uniform): Promise<void>;
}

const between = (random: Uniform, fromMs: number, toMs: number): number => Math.round(fromMs + random() * (toMs - fromMs));

const serviceKilled: Trouble = { name: 'service killed', befall: ({ killService }, random) => killService(random) };

const orthancKilled: Trouble = {
  name: 'Orthanc killed',
  async befall({ pacs: { orthanc } }, random) {
    await orthanc.kill();
    await sleep(between(random, 300, 2_500));
    await orthanc.restart();
  },
};

const postgresStopped: Trouble = {
  name: 'PostgreSQL stopped',
  async befall({ postgres }, random) {
    await postgres.pause();
    await sleep(between(random, 300, 3_000));
    await postgres.start();
  },
};

const postgresKilled: Trouble = {
  name: 'PostgreSQL killed',
  async befall({ postgres }, random) {
    await postgres.kill();
    await sleep(between(random, 300, 1_500));
    await postgres.start();
  },
};

const networkStalls: Trouble = {
  name: 'network stalls',
  async befall({ proxy }, random) {
    proxy.misbehave({ kind: 'delay', delayMs: 8_000 });
    await sleep(between(random, 1_000, 5_000));
    proxy.behave();
  },
};

const networkBreaks: Trouble = {
  name: 'network breaks',
  async befall({ proxy }, random) {
    const afterBytes = between(random, 10, 60_000);
    proxy.misbehave(random() < 0.5 ? { kind: 'cut', afterBytes } : { kind: 'refuse' });
    await sleep(between(random, 500, 3_000));
    proxy.behave();
  },
};

const diskFull: Trouble = {
  name: 'disk full',
  async befall({ disk, postgres }, random) {
    disk!.fill();
    await sleep(between(random, 1_000, 4_000));
    disk!.free();
    // Without room for its log PostgreSQL ends itself; whoever runs it starts it again.
    await postgres.start();
  },
};

const decodersCrash: Trouble = {
  name: 'decoders crash',
  async befall({ decoders }, random) {
    for (let times = between(random, 1, 3); times > 0; times--) {
      for (const pid of decoders()) process.kill(pid, 'SIGSEGV');
      await sleep(between(random, 100, 1_000));
    }
  },
};

/** All that can befall these surroundings. */
export function troublesOf({ disk }: { readonly disk: SmallDisk | undefined }): readonly Trouble[] {
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
