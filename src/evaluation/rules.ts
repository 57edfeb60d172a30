/** How one logit of a network is read. Order of rules = order of logits. */
export type OutputRule = FindingRule | GateOutputRule | IgnoredOutputRule;

export interface FindingRule {
  readonly kind: 'finding';
  readonly name: string;
  /** Divides the logit before the sigmoid (Guo et al. 2017, arXiv 1706.04599). */
  readonly temperature: number;
  /** Added after that (Platt 1999); 0 if not given. */
  readonly bias?: number | undefined;
  /** Probability below which the finding is absent, and from which on it is present; undetermined between. */
  readonly absentBelow: number;
  readonly presentFrom: number;
  /** The publisher's operating point on its own probability, between 0 and 1. */
  readonly publishedThreshold?: number | undefined;
  /** False: temperature and thresholds are the publisher's or provisional, not fitted on labels of this hospital. Absent: true. */
  readonly calibratedHere?: boolean | undefined;
  /** False: no box and no heat map, because the network's maps do not show where the finding is. */
  readonly regions?: false | undefined;
}

/** An output that no finding of config/findings.json stands for: it is computed and not reported. */
export interface IgnoredOutputRule {
  readonly kind: 'ignored';
  readonly name: string;
}

/** An output for the probability that the image is of the kind that the network was trained for. */
export interface GateOutputRule {
  readonly kind: 'gate';
  readonly name: string;
  readonly temperature: number;
  readonly bias?: number | undefined;
  /** Probability from which on the picture is accepted. */
  readonly acceptFrom: number;
}

/** The training images as a normal distribution of embeddings, for the Mahalanobis distance. */
export interface FeatureGateRule {
  /** `features` values. */
  readonly mean: Float32Array;
  /** Inverse covariance, `features * features`, symmetric. */
  readonly precision: Float32Array;
  /** A picture further away than this is refused. */
  readonly maxDistance: number;
}

/** How the slices of a study become one answer: the mean of the `top` highest probabilities of the accepted slices. */
export interface StudyRule {
  /** How many slices are looked at. */
  readonly slices: number;
  readonly combine: 'mean-of-top';
  readonly top: number;
}

/** Everything needed to read a network's scores. */
export interface Rules {
  readonly outputs: readonly OutputRule[];
  /** `several` (if not given): each finding on its own; `one-of-many`: their probabilities add up to 1. */
  readonly objective?: 'several' | 'one-of-many' | undefined;
  /** Absent: no feature guard was fitted. */
  readonly gate?: FeatureGateRule | undefined;
  readonly study?: StudyRule;
}

/** The part of a prediction that is read here; see Prediction in engine/engine.ts. */
export interface Scores {
  /** `batch * outputs` */
  readonly logits: Float32Array;
  /** `batch * features` */
  readonly embedding: Float32Array;
}
