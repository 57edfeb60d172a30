import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { textSeeded } from '../../src/lib/seeded-random.js';
import { withOrthanc } from '../support/orthanc.js';
import { limitHere } from '../support/machine-speed.js';
import { validateDocument } from '../support/validate-document.js';
import { applies, emptyState, stateAfter, type ArchiveEvent, type ExpectedState, type StudyEvent } from './archive-model.js';
import { violationsOf, type KnownPredictions, type Observation } from './check-archive.js';
import { Hospital, type DatabaseKind } from './hospital.js';
import { injectedFaultsOf, type InjectedFault } from './injected-faults.js';
import { knownPredictions } from './known-predictions.js';
import { describeEvent, type PlannedEvent } from './plan-events.js';
import { PlantedPictures, type PictureFate } from './planted-pictures.js';
import { ArchiveReader } from './read-archive.js';

export interface SimulationOptions {
  readonly seed: string;
  readonly database: DatabaseKind;
  /** Processes of the service that share the work; the embedded database has one. */
  readonly processes: number;
  /** How long the system may need at a quiet point. */
  readonly patienceMs: number;
  /** @param faults names of those that can be injected here */
  readonly plan: (faults: readonly string[]) => readonly PlannedEvent[];
  readonly say: (line: string) => void;
}

export interface SimulationResult {
  readonly events: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** Of the first quiet point that failed; empty if everything was as docs/reference/events.md states. */
  readonly violations: readonly string[];
  /** Number of the event after which it failed. */
  readonly failedAt: number | undefined;
  /** From the last event or the end of a fault until everything was as expected. */
  readonly restSeconds: { readonly median: number; readonly max: number };
  readonly documents: number;
  /** What the processes of the service wrote: UIDs, codes and times. */
  readonly log: string;
  readonly notTried: readonly string[];
}

/** Lets planned events happen to a real Orthanc, a real database and the service, and compares what remains with the model. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const predictions = await knownPredictions();
  return withOrthanc(
    async (pacs) => {
      const hospital = await Hospital.open(pacs, options.database, options.seed, options.processes);
      try {
        return await new Simulation(hospital, options, predictions).run();
      } finally {
        await hospital.close();
      }
    },
    { extraConfig: { OverwriteInstances: true } },
  );
}

/** Documents of a result stay through these. */
const keepDocuments = new Set<ArchiveEvent['kind']>(['same bytes again', 'assessment given', 'assessment deleted']);
const pictureFates: Readonly<Partial<Record<StudyEvent['kind'], PictureFate>>> = {
  'assessment given': 'stay',
  'assessment deleted': 'stay',
  'documents deleted': 'stay',
  // Nothing changed, if nobody looked meanwhile.
  'image there and back': 'either',
};

class Simulation {
  #state: ExpectedState = emptyState;
  readonly #reader: ArchiveReader;
  readonly #pictures: PlantedPictures;
  readonly #faults: ReadonlyMap<string, InjectedFault>;
  readonly #validated = new Set<string>();
  #ongoing: Promise<void> = Promise.resolve();
  /** Deleted since the last quiet point, and whether something could interrupt the storing of documents since then. */
  #mayHaveLateDocuments = new Set<string>();
  #isInterrupted = false;
  /** Current text reports at the last quiet point of studies to which nothing happened since that would change them. */
  #mustKeep = new Map<string, string>();

  constructor(
    private readonly hospital: Hospital,
    private readonly options: SimulationOptions,
    private readonly predictions: KnownPredictions,
  ) {
    this.#reader = new ArchiveReader(hospital.pacs);
    this.#pictures = new PlantedPictures(hospital.service.directories);
    this.#faults = new Map(injectedFaultsOf(hospital).map((one) => [one.name, one]));
  }

  async run(): Promise<SimulationResult> {
    const { plan, say, seed } = this.options;
    await this.hospital.service.startAll();
    const kinds: Record<string, number> = {};
    const rests: number[] = [];
    let events = 0;
    let violations: readonly string[] = [];
    let failedAt: number | undefined;
    for (const planned of plan([...this.#faults.keys()])) {
      const { number, event, pauseMs, isQuietPoint } = planned;
      await sleep(pauseMs);
      say(describeEvent(planned));
      const kind = event.kind === 'fault' ? event.fault : event.kind;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      events++;
      if (event.kind === 'fault') await this.#inject(this.#faults.get(event.fault)!, `${seed} ${number}`);
      else if (applies(event, this.#state)) await this.#apply(event);
      if (!isQuietPoint) continue;
      await this.#ongoing;
      const begun = Date.now();
      violations = await this.#rest();
      rests.push((Date.now() - begun) / 1_000);
      say(`     quiet after ${rests.at(-1)!.toFixed(1)} s: ${this.#state.archive.size} studies`);
      if (violations.length > 0) {
        failedAt = number;
        break;
      }
    }
    rests.sort((a, b) => a - b);
    return {
      events,
      kinds,
      violations,
      failedAt,
      restSeconds: { median: rests[Math.floor(rests.length / 2)] ?? 0, max: rests.at(-1) ?? 0 },
      documents: this.#validated.size,
      log: this.hospital.service.output(),
      notTried: this.hospital.notTried,
    };
  }

  async #inject(fault: InjectedFault, seed: string): Promise<void> {
    await this.#ongoing;
    if (fault.interruptsStoring) this.#isInterrupted = true;
    this.#ongoing = fault.inject(this.hospital, textSeeded(`fault ${seed}`));
    // It is awaited later; until then a failure is no unhandled rejection.
    this.#ongoing.catch(() => undefined);
  }

  async #apply(event: ArchiveEvent): Promise<void> {
    const { archive } = this.hospital;
    if ('study' in event) {
      this.#note(event);
      await archive.apply(event, this.#state);
    } else {
      await this.#ongoing;
      if (event.kind === 'PACS restored') {
        for (const name of this.#state.archive.keys()) if (!this.#state.pacsCopy!.has(name)) this.#mayHaveLateDocuments.add(name);
        this.#mustKeep.clear();
        this.#pictures.expectPossiblyUndone();
      }
      if (event.kind === 'index restored') this.#pictures.expectAll('either');
      if (event.kind !== 'PACS restarted' || this.#mayHaveLateDocuments.size > 0) this.#isInterrupted = true;
      await this.hospital.apply(event);
    }
    this.#state = stateAfter(event, this.#state);
  }

  /** What the event means for documents and training pictures. */
  #note(event: StudyEvent): void {
    const { uidOf } = this.hospital.archive;
    const names = 'into' in event ? [event.study, event.into] : [event.study];
    const leavesSource = event.kind === 'study anonymised' && event.keepSource;
    for (const name of names) {
      if (leavesSource) continue;
      if (!keepDocuments.has(event.kind)) this.#mustKeep.delete(name);
      this.#pictures.expect(uidOf.call(this.hospital.archive, name), pictureFates[event.kind] ?? 'removed');
    }
    if (['study deleted', 'study merged', 'study moved', 'study anonymised'].includes(event.kind))
      this.#mayHaveLateDocuments.add(event.study);
  }

  /** Waits until everything is as expected. @returns what is not, at the end of the patience */
  async #rest(): Promise<readonly string[]> {
    const { service, archive, pacs } = this.hospital;
    this.hospital.proxy.behave();
    const begun = Date.now();
    let reportedMs = 0;
    for (;;) {
      const seen = await this.#observe().catch((error: unknown) => String(error));
      const violations = typeof seen === 'string' ? [seen] : this.#violations(seen);
      if (service.crashes.length > 0) return service.crashes;
      if (typeof seen !== 'string' && violations.length === 0) {
        const damaged = await this.#damaged(seen);
        if (damaged.length > 0) return damaged;
        this.#isInterrupted = false;
        this.#mayHaveLateDocuments = new Set([...this.#mayHaveLateDocuments].filter((name) => seen.pacs.has(archive.uidOf(name))));
        this.#mustKeep = this.#currentReports(seen);
        this.#pictures.plant([...this.#state.archive.keys()].map((name) => archive.uidOf(name)).filter((uid) => seen.pacs.has(uid)));
        return [];
      }
      const waitedMs = Date.now() - begun;
      if (waitedMs > reportedMs + 20_000) {
        reportedMs = waitedMs;
        this.options.say(`     not yet quiet: ${violations.length} violations, the first: ${violations[0]}`);
      }
      if (waitedMs > this.options.patienceMs && waitedMs > Math.min(3, limitHere(1)) * this.options.patienceMs) return violations;
      if (!pacs.orthanc.process) return ['Orthanc is not running'];
      await sleep(300);
    }
  }

  async #observe(): Promise<Observation> {
    const last = await this.hospital.pacs.client.lastChange();
    const index = await this.hospital.service.readIndex();
    // Only what was read before the index was can be expected in it.
    if (!index.cursors.includes(last)) throw new Error(`the change log was read to ${index.cursors.join()} of ${last}`);
    return { pacs: await this.#reader.read(), index };
  }

  #violations(seen: Observation): readonly string[] {
    const { archive } = this.hospital;
    return [
      ...violationsOf(seen, {
        archive: this.#state.archive,
        uidOf: (name) => archive.uidOf(name),
        predictions: this.predictions,
        mayHaveLateDocuments: this.#isInterrupted || this.#mayHaveLateDocuments.size > 0 ? this.#mayHaveLateDocuments : new Set(),
      }),
      ...this.#pictures.notFollowed(seen.index.newestStudyChange),
      ...this.#pictures.violations((uid) => seen.pacs.has(uid as never)),
      ...[...this.#mustKeep].flatMap(([name, report]) => {
        const now = this.#currentReports(seen).get(name);
        return now === report ? [] : [`${name}: nothing changed, but the current report is ${now} instead of ${report}`];
      }),
    ];
  }

  #currentReports({ pacs }: Observation): Map<string, string> {
    return new Map(
      [...this.#state.archive.keys()].flatMap((name) => {
        const text = pacs.get(this.hospital.archive.uidOf(name))?.documents.current.find((one) => one.kind === 'text');
        return text ? [[name, text.reference.sopInstanceUID] as const] : [];
      }),
    );
  }

  /** Documents that are not whole or not valid, and files that were left half-written. */
  async #damaged({ pacs }: Observation): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const { studyInstanceUID, documents } of pacs.values())
      for (const { reference } of documents.all) {
        if (this.#validated.has(reference.sopInstanceUID)) continue;
        const bytes = await this.hospital.pacs.dicomWeb.retrieveInstance(
          studyInstanceUID,
          reference.seriesInstanceUID,
          reference.sopInstanceUID,
        );
        // Orthanc 1.10 states no method when it anonymises a study together with our documents; these copies are its own.
        const errors = (await validateDocument(bytes)).errors.filter((error) => !error.includes('<DeidentificationMethod'));
        if (errors.length > 0) wrong.push(`${reference.sopInstanceUID} is not valid: ${errors.join('; ')}`);
        this.#validated.add(reference.sopInstanceUID);
      }
    const unfinished = this.#unfinishedFiles();
    // A file that is just being written is finished by then.
    if (unfinished.length > 0) await sleep(3_000);
    const later = this.#unfinishedFiles();
    const halfWritten = unfinished.filter((name) => later.includes(name));
    return [...wrong, ...halfWritten.map((name) => `${name} was left half-written`)];
  }

  #unfinishedFiles(): readonly string[] {
    return this.hospital.service.directories
      .flatMap((directory) => readdirSync(directory, { recursive: true, encoding: 'utf8' }))
      .filter((name) => /\.(tmp|part)$|first-login\.txt\./.test(name));
  }
}
