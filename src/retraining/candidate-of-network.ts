import { evaluateSet } from '../evaluation/report/evaluate-set.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { filesOfCandidate, type Candidate, type CandidateGraph, type CandidateLayers } from '../registry/candidate.js';
import { modelIdentity } from '../registry/model-identity.js';
import type { NetworkFile } from '../registry/model-file.js';
import type { CalibratedNetwork } from './calibrate-network.js';
import { lineageOf } from './candidate-lineage.js';
import type { CandidateBasis, UsableExample } from './candidate-request.js';
import { trainingCard } from './model-card.js';
import { trainingReference } from './training-reference.js';

/** What training leaves of a network. */
type TrainedNetwork = Pick<CandidateLayers, 'architecture' | 'tensors' | 'halfPrecision'> | Pick<CandidateGraph, 'graph'>;

export interface TrainingResult {
  readonly usable: readonly UsableExample[];
  readonly calibrated: CalibratedNetwork;
  readonly warnings: readonly string[];
  readonly startedAt: Date;
  /** All outputs of the network, where it has others than those that were trained. */
  readonly outputs?: NetworkFile['outputs'];
}

/** The candidate and its report on the validation images. */
export function candidateOf(
  request: CandidateBasis,
  network: TrainedNetwork,
  { usable, calibrated: { rules, calibration, validation }, warnings, startedAt, outputs }: TrainingResult,
): { readonly candidate: Candidate; readonly report: EvaluationReport } {
  const { kind, dataset, cache, classes, input, study, recipe } = request;
  const { name, manufacturer, license } = request.model;
  const { objective, gate } = rules;
  const guardOutput = classes.indexOf(request.guardClass ?? '');
  // Drift compares with the images that are meant to arrive, not with those that the guard refuses.
  const chests = usable.filter(({ truth }) => guardOutput < 0 || truth[guardOutput] !== 0);
  const drift = kind === 'xray' ? trainingReference({ usable: chests, cache, heldOut: [calibration, validation], rules }) : undefined;
  const withoutCard: Candidate = {
    name,
    manufacturer,
    license,
    created: startedAt.toISOString().slice(0, 10),
    networks: {
      [kind]: {
        ...network,
        input,
        objective,
        outputs: outputs ?? rules.outputs,
        ...(gate ? { gate } : {}),
        ...(study ? { study } : {}),
      },
    },
    lineage: lineageOf(request, usable, startedAt),
    ...(drift ? { reference: { [kind]: drift } } : {}),
    card: '',
  };
  const evaluated = evaluateSet(validation.set, { dataset: { name: dataset.name, split: 'validation' }, seed: recipe.seed });
  const measured: EvaluationReport = { ...evaluated, warnings: [...evaluated.warnings, ...warnings] };
  const candidate: Candidate = { ...withoutCard, card: trainingCard(withoutCard, measured) };
  // The card is part of what the name of a version is derived from.
  const report: EvaluationReport = {
    ...measured,
    model: { name, ...modelIdentity(filesOfCandidate(candidate).file), network: kind },
  };
  return { report, candidate: { ...candidate, metrics: { [kind]: report } } };
}
