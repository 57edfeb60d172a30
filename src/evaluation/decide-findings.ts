import { gateOf, type GateResult } from './gate.js';
import { decideByThresholds, findingProbabilities, type FindingDecision } from './probability.js';
import type { FindingRule, Rules, Scores } from './rules.js';

/** A finding of one picture. */
export interface ImageFinding {
  readonly name: string;
  /** Place among the network's outputs, and so among the activation maps. */
  readonly output: number;
  readonly logit: number;
  /** In (0, 1), calibrated. */
  readonly probability: number;
  readonly decision: FindingDecision;
}

export interface ImageAssessment {
  readonly gate: GateResult;
  /** Computed for a refused image too; the caller decides whether to use them. */
  readonly findings: readonly ImageFinding[];
}

/** A finding of a study of several slices. */
export interface SliceStackFinding {
  readonly name: string;
  readonly output: number;
  readonly probability: number;
  readonly decision: FindingDecision;
  /** The slices that the probability comes from, the most probable first; places among the slices assessed. */
  readonly slices: readonly number[];
}

export interface StudyAssessment {
  readonly accepted: boolean;
  /** Why it was refused, as a phrase for a report. */
  readonly reason?: string;
  readonly images: readonly ImageAssessment[];
  /** Empty if refused. */
  readonly findings: readonly SliceStackFinding[];
}

/** @param index which picture of the batch */
export function assessImage(scores: Scores, index: number, rules: Rules): ImageAssessment {
  const outputs = rules.outputs.length;
  const features = rules.gate?.mean.length ?? 0;
  const logits = scores.logits.subarray(index * outputs, (index + 1) * outputs);
  const embedding = scores.embedding.subarray(index * features, (index + 1) * features);
  const probabilities = findingProbabilities(logits, rules);
  const findings = findingRules(rules).map(({ rule, output }, finding) => {
    const logit = logits[output]!;
    const probability = probabilities[finding]!;
    return { name: rule.name, output, logit, probability, decision: decideByThresholds(probability, rule) };
  });
  return { gate: gateOf(logits, embedding, rules), findings };
}

/** @param scores a whole batch: one picture a slice */
export function assessStudy(scores: Scores, rules: Rules): StudyAssessment {
  const count = scores.logits.length / rules.outputs.length;
  return combineSlices(
    Array.from({ length: count }, (_, index) => assessImage(scores, index, rules)),
    rules,
  );
}

/**
 * From slices to study: each finding is the mean of the `top` highest probabilities among accepted slices, so
 * that a few diseased slices are not drowned by healthy ones. Refused unless at least half of the slices, and
 * at least one, are accepted: a network that does not recognise most slices must not report on the study.
 */
function combineSlices(images: readonly ImageAssessment[], rules: Rules): StudyAssessment {
  const accepted = images.flatMap(({ gate }, slice) => (gate.accepted ? [slice] : []));
  if (accepted.length === 0 || accepted.length * 2 < images.length) {
    const first = images.find(({ gate }) => !gate.accepted)?.gate.reason;
    return {
      accepted: false,
      reason: `only ${accepted.length} of ${images.length} slices are what the network was made for${first ? `; of the first refused: ${first}` : ''}`,
      images,
      findings: [],
    };
  }
  const top = rules.study?.top ?? 1;
  const findings = findingRules(rules).map(({ rule, output }, finding) => {
    const probability = (slice: number): number => images[slice]!.findings[finding]!.probability;
    const slices = accepted.toSorted((one, other) => probability(other) - probability(one)).slice(0, top);
    const mean = slices.reduce((sum, slice) => sum + probability(slice), 0) / slices.length;
    return { name: rule.name, output, probability: mean, decision: decideByThresholds(mean, rule), slices };
  });
  return { accepted: true, images, findings };
}

function findingRules({ outputs }: Rules): readonly { readonly rule: FindingRule; readonly output: number }[] {
  return outputs.flatMap((rule, output) => (rule.kind === 'finding' ? [{ rule, output }] : []));
}
