/** What two versions said of one finding of one study. */
export interface PairedPredictions {
  readonly champion: { readonly probability: number; readonly decision: string };
  readonly challenger: { readonly probability: number; readonly decision: string };
}

export interface Agreement {
  readonly n: number;
  /** Same decision. */
  readonly same: number;
  /** One says present, the other absent. */
  readonly opposite: number;
  /** Called present by each. */
  readonly presentChampion: number;
  readonly presentChallenger: number;
  /** Mean of the absolute difference of the probabilities, and of challenger less champion. */
  readonly meanDifference: number;
  readonly meanShift: number;
  /** Agreement beyond chance on present or not (Cohen 1960); null where chance alone explains everything. */
  readonly kappa: number | null;
}

/** Two versions beside each other on the same studies; nobody knows here who is right. @returns null of no study */
export function agreementOf(opinions: readonly PairedPredictions[]): Agreement | null {
  const n = opinions.length;
  if (n === 0) return null;
  const count = (holds: (one: PairedPredictions) => boolean): number => opinions.filter(holds).length;
  const present = (one: { readonly decision: string }): boolean => one.decision === 'present';
  const presentChampion = count(({ champion }) => present(champion));
  const presentChallenger = count(({ challenger }) => present(challenger));
  const observed = count(({ champion, challenger }) => present(champion) === present(challenger)) / n;
  const expected = (presentChampion * presentChallenger + (n - presentChampion) * (n - presentChallenger)) / (n * n);
  const mean = (of: (one: PairedPredictions) => number): number => opinions.reduce((sum, one) => sum + of(one), 0) / n;
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
