import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { silentLog } from '../../src/log.js';
import { openRegistry, registryFolder } from '../../src/registry/registry.js';
import { eraseFromRetraining } from '../../src/retraining/erase-from-retraining.js';
import { followStudyChanges } from '../../src/retraining/follow-study-changes.js';
import type { RetrainingPorts } from '../../src/retraining/ports.js';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';
import { retrainingMemoryOf } from '../../src/retraining/retraining-memory.js';
import type { RetrainingPlan } from '../../src/retraining/retraining-plan.js';
import { runRetraining } from '../../src/retraining/retraining-story.js';
import { untilDiscarded } from '../../src/retraining/run-discarded.js';
import { openReader, type OpenReader } from '../../src/serving/image-reader.js';
import type { Store } from '../../src/store/store.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { chestStudy, type TestStudy } from '../support/chest-study.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { configFor } from '../support/service.js';
import { openEmptyStore, storeBackends } from '../support/store.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const backend = storeBackends()[0]!;
const stoppedAt = { stage: 0, epoch: 0, batch: 0 };

describe('a study is erased while a retraining run uses its image', () => {
  let reader: OpenReader;
  let store: Store;
  after(async () => {
    await reader?.close();
    await store?.close();
    await backend.stop();
  });
  const pacs = useOrthanc();
  before(async () => {
    reader = openReader(configFor(pacs.orthanc), { xray: { width: 64, height: 64 }, ct: undefined });
    store = await openEmptyStore(backend);
  });

  /** The plan of a run with one image of each study, on disk as planRetraining writes it. */
  async function planned(name: string, studies: readonly TestStudy[]): Promise<RetrainingPorts> {
    const dataDir = temporaryDirectory(`erase-run-${name}`);
    const place = { dataDir };
    const registry = openRegistry(registryFolder(place));
    const { version } = await registry.importFolder(twoFindingModel);
    await registry.putFirst(version, { by: 'test', why: 'first', at: new Date() });
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pacs.orthanc,
    );
    const plan: RetrainingPlan = {
      id: `run-${name}`,
      startedAt: new Date().toISOString(),
      by: 'test',
      champion: version,
      best: [],
      classes: ['pneumonia'],
      objective: 'several',
      images: studies.map(({ studyInstanceUID, files }) => {
        const { dataSet } = readPart10(files[0]!);
        return {
          studyInstanceUID,
          seriesInstanceUID: textOf(dataSet, 'SeriesInstanceUID')!,
          sopInstanceUID: textOf(dataSet, 'SOPInstanceUID')!,
          patient: '0'.repeat(32),
          source: 'test',
          view: 'PA',
          labels: ['pneumonia'],
          unknown: [],
          part: 'train',
        };
      }),
      recipe: fastaiRecipe,
      rules: defaultPromotionRules,
      lock: 'test',
      warnings: [],
    };
    const { run } = retrainingFolders(place);
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'plan.json'), JSON.stringify(plan));
    return {
      settings: { ...place, retraining: configFor(pacs.orthanc).retraining, maxImages: 10 },
      agreedLabels: async () => [],
      pacs: pacs.dicomWeb,
      siteOf: () => 'site',
      readerFor: (frame) => reader.forSizes({ xray: frame, ct: undefined }),
      registry,
      memory: retrainingMemoryOf(place, store),
      studyChanges: store.studyChanges,
      trainAndEvaluate: async () => ({ finished: false, position: stoppedAt }),
      codeVersion: 'test',
      clock: { now: () => new Date() },
      log: silentLog,
    };
  }

  const picturesIn = ({ settings }: RetrainingPorts): number => {
    const { pictures } = retrainingFolders(settings);
    return existsSync(pictures) ? readdirSync(pictures, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length : 0;
  };
  async function eraseStudy({ studyInstanceUID }: TestStudy): Promise<void> {
    await store.erasures.mark([studyInstanceUID]);
    await store.erasures.erase([studyInstanceUID]);
  }
  const isRunGone = ({ settings }: RetrainingPorts): boolean => !existsSync(retrainingFolders(settings).run);

  test('in training: the run ends, its folder is removed and nothing of it is continued', async () => {
    const [kept, gone] = [chestStudy('run kept'), chestStudy('run gone')];
    const ports = await planned('training', [kept, gone]);
    const discarded = untilDiscarded(ports.settings);
    let picturesBefore = 0;
    const record = await runRetraining(
      'test',
      {
        ...ports,
        // As the training process does: it ends when it is told to.
        trainAndEvaluate: async (_plan, _folder, signal) => {
          picturesBefore = picturesIn(ports);
          await eraseStudy(gone);
          // What every process does within two seconds.
          await followStudyChanges(ports.settings, store.studyChanges, silentLog);
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve();
            else signal.addEventListener('abort', () => resolve(), { once: true });
          });
          return { finished: false, position: stoppedAt };
        },
      },
      discarded.signal,
    );
    discarded.stop();
    assert.equal(picturesBefore, 2);
    assert.equal(record?.outcome, 'not-trained');
    assert.match(record.why, /a study of the run was erased/);
    assert.ok(isRunGone(ports));
    assert.equal(picturesIn(ports), 1, 'of the other study');
  });

  test('between the request to the PACS and the writing of the picture: no picture remains, and nothing is trained', async () => {
    const gone = chestStudy('fetch gone');
    const ports = await planned('fetching', [gone]);
    const record = await runRetraining(
      'test',
      {
        ...ports,
        pacs: {
          retrieveStudyMetadata: (study) => pacs.dicomWeb.retrieveStudyMetadata(study),
          async retrieveInstance(study, series, instance) {
            const file = await pacs.dicomWeb.retrieveInstance(study, series, instance);
            await eraseStudy(gone);
            await eraseFromRetraining(ports.settings, [study]);
            return file;
          },
        },
        trainAndEvaluate: () => assert.fail('it is not trained'),
      },
      new AbortController().signal,
    );
    assert.equal(record?.outcome, 'not-trained');
    assert.ok(isRunGone(ports));
    assert.equal(picturesIn(ports), 0);
  });

  test('a study that is deleted from the PACS at that moment has no picture either; the run goes on with the others', async () => {
    const [kept, gone] = [chestStudy('deleted kept'), chestStudy('deleted gone')];
    const ports = await planned('deleted', [gone, kept]);
    let trainedWith = 0;
    await runRetraining(
      'test',
      {
        ...ports,
        pacs: {
          retrieveStudyMetadata: (study) => pacs.dicomWeb.retrieveStudyMetadata(study),
          async retrieveInstance(study, series, instance) {
            const file = await pacs.dicomWeb.retrieveInstance(study, series, instance);
            if (study === gone.studyInstanceUID) await store.studies.forget(study);
            return file;
          },
        },
        trainAndEvaluate: async () => {
          trainedWith = picturesIn(ports);
          return { finished: false, position: stoppedAt };
        },
      },
      new AbortController().signal,
    );
    assert.equal(trainedWith, 1);
    assert.ok(!isRunGone(ports), 'it is continued by the next run');
  });

  test('a run and labels of other studies stay', async () => {
    const ports = await planned('other', [chestStudy('other run')]);
    const { root } = retrainingFolders(ports.settings);
    writeFileSync(join(root, 'labels.json'), JSON.stringify(['1.2.3 pneumonia present', '1.2.31 pneumonia present']));
    assert.deepEqual(await eraseFromRetraining(ports.settings, ['1.2.3']), { pictures: 0, runs: 0, labels: 1, comparedImages: 0 });
    assert.deepEqual(await ports.memory.lastLabels(), ['1.2.31 pneumonia present']);
    assert.ok(!isRunGone(ports));
  });
});
