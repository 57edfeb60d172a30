/** Predictions of two versions for one finding of one study. */
export interface PairedPredictions {
  readonly champion: { readonly probability: number; readonly decision: string };
  readonly challenger: { readonly probability: number; readonly decision: string };
}

export interface VersionAgreement {
  readonly n: number;
  /** Same decision. */
  readonly same: number;
  /** One decided present, the other absent. */
  readonly opposite: number;
  /** Called present by each. */
  readonly presentChampion: number;
  readonly presentChallenger: number;
  /** Mean of the absolute difference of the probabilities, and of challenger − champion. */
  readonly meanDifference: number;
  readonly meanShift: number;
  /** VersionAgreement beyond chance on present or not (Cohen 1960); null if chance alone explains all agreement. */
  readonly kappa: number | null;
}

/** Agreement of two versions on the same studies, whose truth is not known. @returns null without any study */
export function agreementOf(pairs: readonly PairedPredictions[]): VersionAgreement | null {
  const n = pairs.length;
  if (n === 0) return null;
  const count = (matches: (one: PairedPredictions) => boolean): number => pairs.filter(matches).length;
  const present = (one: { readonly decision: string }): boolean => one.decision === 'present';
  const presentChampion = count(({ champion }) => present(champion));
  const presentChallenger = count(({ challenger }) => present(challenger));
  const observed = count(({ champion, challenger }) => present(champion) === present(challenger)) / n;
  const expected = (presentChampion * presentChallenger + (n - presentChampion) * (n - presentChallenger)) / (n * n);
  const mean = (of: (one: PairedPredictions) => number): number => pairs.reduce((sum, one) => sum + of(one), 0) / n;
  const shift = ({ champion, challenger }: PairedPredictions): number => challenger.probability - champion.probability;
  return {
    n,
    same: count(({ champion, challenger }) => champion.decision === challenger.decision),
    opposite: count(({ champion, challenger }) => [champion.decision, challenger.decision].sort().join() === 'absent,present'),
    presentChampion,
    presentChallenger,
    meanDifference: mean((one) => Math.abs(shift(one))),
    meanShift: mean(shift),
    kappa: expected === 1 ? null : (observed - expected) / (1 - expected),
  };
}
