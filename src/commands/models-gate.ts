import { join } from 'node:path';
import { softwareVersion } from '../software-version.js';
import { loadConfig, modelLine, type Config } from '../config.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { loadConfigFile } from '../config-file.js';
import { deprecatedRules } from '../config/deprecated-names.js';
import { promotionRulesSchema, defaultPromotionRules, type PromotionRules } from '../evaluation/promotion/promotion-rules.js';
import { withLineThresholds } from '../evaluation/operating-points.js';
import { loadFindings } from '../findings-config.js';
import { createLog, silentLog } from '../log.js';
import type { ChangeRecord } from '../registry/change-record.js';
import { withoutPatients } from '../registry/lineage.js';
import { bestVersions, loadVersions } from '../registry/best-versions.js';
import type { ModelVersion } from '../registry/model-version.js';
import type { Registry } from '../registry/registry.js';
import { evaluateChallenger } from '../retraining/evaluate-challenger.js';
import { retrainingTestSet } from '../retraining/retraining-plan.js';
import { openReader } from '../serving/image-reader.js';
import { chosenModel, registryOf } from './chosen-model.js';
import { openLabelledImages, type LabelledImages } from './labelled-images.js';
import type { LineCommand } from './models-change.js';
import { withLocalLabels } from './open-local-labels.js';
import { progressLine } from './progress-line.js';

export interface GateCommand extends LineCommand {
  /** Absent: the locked test set of the readers' labels. */
  readonly dataset?: string | undefined;
  readonly testLock?: string | undefined;
  readonly network: string;
  readonly rules?: string | undefined;
  readonly withoutChampion: boolean;
  readonly promote: boolean;
  readonly json: boolean;
}

/**
 * `models gate`: compares a version with the champion, and with the best version so far, on a test set and writes a change record,
 * whether it passes or not. The exit status is 0 only if it passes. Without a data set, the test set is the locked one of the
 * readers' labels.
 *
 * @throws Fault 'request-invalid', 'model-unknown', 'dataset-invalid'
 */
export async function gateModel(name: string, options: GateCommand): Promise<void> {
  const { network: kind } = options;
  if (kind !== 'xray' && kind !== 'ct') throw new Fault('request-invalid', `expected --network xray or ct, found ${kind}`);
  const startedAt = new Date();
  const config = loadConfig();
  const { name: line, thresholds } = modelLine(config, options.line);
  const registry = registryOf(config, line);
  const serving = (await registry.aliases())?.champion;
  if (options.withoutChampion && options.promote && serving !== undefined)
    throw new Fault(
      'request-invalid',
      `expected --without-champion without --promote while ${serving} serves: compare with it, or promote with \`models promote --without-gate --why REASON\``,
    );
  const rules = options.rules ? loadConfigFile(options.rules, promotionRulesSchema, deprecatedRules) : defaultPromotionRules;
  const challenger = await chosenModel(name, config, line);
  const champion = options.withoutChampion ? null : await chosenModel('champion', config, line);
  const compare = (images: TestImages): Promise<void> =>
    gateOn(images, { kind, rules, challenger, champion, registry, config, thresholds, startedAt }, options);
  if (options.dataset !== undefined) return compare(await openLabelledImages(options.dataset, options.testLock));
  if (kind === 'ct' || options.testLock !== undefined)
    throw new Fault('request-invalid', `expected --dataset with ${kind === 'ct' ? '--network ct' : '--test-lock'}, found none`);
  const outputs = challenger.networks.xray?.outputs ?? [];
  const findings = outputs.flatMap((one) => (one.kind === 'finding' ? [one.name] : []));
  // In their own size: each version brings an image into the form of its input.
  const reader = openReader(config, { xray: undefined, ct: undefined });
  try {
    await withLocalLabels(config, line, findings, reader, ({ locked, picture }) =>
      compare({ name: retrainingTestSet, examples: locked, picture }),
    );
  } finally {
    await reader.close();
  }
}

type TestImages = Pick<LabelledImages, 'name' | 'examples' | 'picture'>;

interface Gated {
  readonly kind: 'xray' | 'ct';
  readonly rules: PromotionRules;
  readonly challenger: ModelVersion;
  readonly champion: ModelVersion | null;
  readonly registry: Registry;
  readonly config: Config;
  /** The hospital's, of the line. */
  readonly thresholds: ReturnType<typeof modelLine>['thresholds'];
  readonly startedAt: Date;
}

async function gateOn(
  images: TestImages,
  { kind, rules, challenger, champion, registry, config, thresholds, startedAt }: Gated,
  options: GateCommand,
): Promise<void> {
  const best = champion
    ? await loadVersions(registry, await bestVersions(registry, { kind, testSet: images.name, champion: champion.version }))
    : undefined;
  const progress = progressLine('evaluating', options.json);
  const engine = await startEngine(engineOptionsOf(config, options.json ? silentLog : createLog({ ...config.log, level: 'warn' })));
  try {
    const { decision, ...figures } = await evaluateChallenger({
      kind,
      champion,
      challenger,
      ...(best ? { best } : {}),
      engine,
      examples: images.examples,
      picture: images.picture,
      testSet: images.name,
      findings: withLineThresholds(loadFindings(config.findingsFile).findings, thresholds),
      rules,
      onProgress: (_, done, total) => progress.tell(done, total),
    });
    progress.end();
    const record: ChangeRecord = {
      id: `gate-${startedAt.toISOString().replace(/[:.]/g, '-')}`,
      startedAt: startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      by: 'command line',
      codeVersion: softwareVersion,
      engine: engine.description.name,
      seed: rules.seed,
      challenger: challenger.version,
      champion: decision.champion,
      lineage: challenger.lineage ? withoutPatients(challenger.lineage) : null,
      decision,
      outcome: decision.decision,
      why: decision.why,
      figures,
      notes: [],
    };
    await registry.recordChange(record);
    if (decision.decision === 'promoted' && options.promote)
      await registry.promote(
        challenger.version,
        { by: 'command line', why: decision.why, at: new Date(), changeRecord: record.id },
        champion?.version,
      );
    if (decision.decision === 'refused') process.exitCode = 1;
    if (options.json) console.log(JSON.stringify(decision));
    else {
      for (const { counts, passed, words } of decision.criteria)
        console.log(`${counts ? (passed ? 'passed' : 'FAILED') : 'shown'}  ${words}`);
      console.log(
        `\n${decision.decision}: ${decision.why}\nRecord: ${config.database.url ? `${record.id}, in the database` : join(registry.directory, 'changes', `${record.id}.md`)}\nNot for diagnosis.`,
      );
    }
  } finally {
    await engine.close();
  }
}
