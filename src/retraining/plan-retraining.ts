import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors.js';
import { pluralise } from '../evaluation/pluralise.js';
import { isForeignGraph } from '../network/loadable-network.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { bestVersions, loadVersions } from '../registry/best-versions.js';
import { isRetrainingRecord } from '../registry/change-record.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import type { AgreedLabel } from '../store/labels.js';
import { newRun, type Run } from './change-record-of-run.js';
import { labelledImages, type LabelledImage } from './labelled-images.js';
import { lockTestSet } from './lock-test-set.js';
import { patientHash } from './patient-identifier.js';
import type { RetrainingPorts } from './ports.js';
import { retrainingFolders } from './retraining-folders.js';
import { missingForLock, retrainingPlanSchema, retrainingTestSet, splitForRetraining, type RetrainingPlan } from './retraining-plan.js';
import { promotionRulesOf, recipeByMemory } from './retraining-recipe.js';
import { withoutReportTexts } from './without-report-texts.js';
import { pruneTrainingPictures } from './training-pictures.js';

export type Planned =
  | { readonly state: 'planned'; readonly plan: RetrainingPlan }
  | { readonly state: 'not-trained'; readonly run: Run; readonly why: string };

/**
 * Agreed labels → images → split → plan.json. The first plan also draws and locks the test set.
 *
 * @returns the plan, or why this run does not train
 * @throws Fault dataset-invalid if an earlier run promoted a version and its locked test set is missing
 */
export async function planRetraining(by: string, ports: RetrainingPorts): Promise<Planned> {
  const { settings, registry, memory, log } = ports;
  const rules = promotionRulesOf(settings.retraining);
  const champion = await championOf(ports);
  const run = { ...newRun(by, ports), champion: champion?.version ?? '' };
  const notTrained = (why: string): Planned => ({ state: 'not-trained', run, why });

  if (!champion) return notTrained('There is no champion to train from: import a version and promote it.');
  const served = champion.networks.xray;
  if (!served) return notTrained(`The champion ${champion.version} has no network for X-rays.`);
  const lock = await memory.testLock();
  if (!lock && (await registry.history()).some(({ changeRecord }) => changeRecord !== undefined && isRetrainingRecord(changeRecord)))
    throw new Fault(
      'dataset-invalid',
      'an earlier retraining run promoted a model, but its locked test set is missing: a new test set would contain patients that the model was trained on. Restore it from the backup (docs/guide/backup.md)',
    );

  const findings = findingsOfNetwork(served);
  if (isForeignGraph(served.network) && !served.network.embedding)
    return notTrained(`The champion ${champion.version} is a graph without a known embedding, on which a new head could be trained.`);
  const labels = (await ports.agreedLabels()).filter(({ finding }) => findings.includes(finding));
  const newLabels = await countNewLabels(labels, ports);
  const { minNewLabels, testShare } = settings.retraining;
  if (newLabels < minNewLabels)
    return notTrained(
      `${pluralise(newLabels, 'new label')} since the last run, ${minNewLabels} are needed; readers agree on ${pluralise(labels.length, 'label')} in total.`,
    );
  const labelled = await imagesOf(labels, findings, ports);
  const read = withoutReportTexts(labelled);
  const classes = trainedFindings(served, findings, (some) => missingForLock(read, some, testShare, rules.minPatients) === undefined);
  const images = classes.length === findings.length ? labelled : imagesWith(labelled, classes);
  const readOfClasses = classes.length === findings.length ? read : imagesWith(read, classes);
  const missing = lock ? undefined : missingForLock(readOfClasses, classes, testShare, rules.minPatients);
  if (missing !== undefined) return notTrained(`No test set yet: ${missing}.`);

  // Pictures of studies that were deleted from the PACS, or are no longer labelled, are removed.
  await pruneTrainingPictures(settings, images);
  const { recipe, batchBy } = recipeByMemory(settings, served);
  const testLock = lock ?? (await lockTestSet(readOfClasses, recipe.seed, ports));
  const split = splitForRetraining(images, testLock, recipe);
  const objective = served.objective ?? 'several';
  const best = await bestVersions(registry, { kind: 'xray', testSet: retrainingTestSet, champion: champion.version });
  // Loading copies a version into the folder in which the training process finds it.
  await loadVersions(registry, best);
  const plan = retrainingPlanSchema.parse({ ...run, ...split, best, classes, objective, rules, recipe, lock: testLock.checksum });
  await writePlan(plan, labels, ports);
  log.info('retraining planned', {
    run: plan.id,
    champion: plan.champion,
    images: plan.images.length,
    newLabels,
    batch: recipe.batch,
    ...(batchBy === undefined ? {} : { batchBy }),
  });
  return { state: 'planned', plan };
}

/** Only a further model line may have none. */
async function championOf({ registry }: RetrainingPorts): Promise<ModelVersion | undefined> {
  const aliases = await registry.aliases();
  return aliases && registry.load(aliases.champion);
}

/**
 * All findings of a network that is trained as a whole. Of a graph only the head is trained, each finding on its own: those with labels
 * enough; the others keep their part of the head. Without any of them all, so that the record says what is missing.
 */
function trainedFindings(
  { network, objective }: ServedNetwork,
  findings: readonly string[],
  isEnough: (findings: readonly string[]) => boolean,
): readonly string[] {
  if (!isForeignGraph(network) || objective === 'one-of-many') return findings;
  const enough = findings.filter((name) => isEnough([name]));
  return enough.length > 0 ? enough : findings;
}

/** The images that have a label of these findings, with no other. */
function imagesWith(images: readonly LabelledImage[], classes: readonly string[]): readonly LabelledImage[] {
  return images
    .map((image) => ({
      ...image,
      labels: image.labels.filter((name) => classes.includes(name)),
      unknown: image.unknown.filter((name) => classes.includes(name)),
      readFromText: image.readFromText?.filter((name) => classes.includes(name)),
    }))
    .filter(({ unknown }) => unknown.length < classes.length);
}

/** Findings that a network states. */
export function findingsOfNetwork({ outputs }: Pick<ServedNetwork, 'outputs'>): readonly string[] {
  return outputs.flatMap((output) => (output.kind === 'finding' ? [output.name] : []));
}

/** Labels that the last completed run did not have; a changed decision is a new label. */
export async function countNewLabels(labels: readonly AgreedLabel[], { memory }: Pick<RetrainingPorts, 'memory'>): Promise<number> {
  const known = new Set(await memory.lastLabels());
  return labels.filter((one) => !known.has(labelKey(one))).length;
}

function labelKey({ studyInstanceUID, finding, decision }: AgreedLabel): string {
  return `${studyInstanceUID} ${finding} ${decision}`;
}

async function imagesOf(
  labels: readonly AgreedLabel[],
  classes: readonly string[],
  { settings, memory, pacs, siteOf, log }: RetrainingPorts,
): Promise<readonly LabelledImage[]> {
  const key = await memory.patientKey();
  return labelledImages(labels, classes, {
    pacs,
    siteOf,
    maxImages: settings.maxImages,
    keyOf: (identifier) => patientHash(identifier, key),
    log,
  });
}

/** The plan last: where it is, everything that it needs is there too. */
async function writePlan(plan: RetrainingPlan, labels: readonly AgreedLabel[], { settings }: RetrainingPorts): Promise<void> {
  const folder = retrainingFolders(settings).run;
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, 'labels.json'), JSON.stringify(labels.map(labelKey)));
  await writeFileAtomically(join(folder, 'plan.json'), JSON.stringify(plan));
}
