/**
 * Where an old word may stand, and why. `only` limits an entry to lines that contain that text.
 */
export interface AllowedPlace {
  readonly file: RegExp;
  readonly words?: readonly string[];
  readonly only?: RegExp;
  readonly because: string;
}

export const allowedPlaces: readonly AllowedPlace[] = [
  { file: /^tests\/unit\/language(?:-words|-allowed)?(?:\.test)?\.ts$/, because: 'the list itself' },
  { file: /^src\/store\/migrations\//, because: 'names of the databases of earlier releases' },
  { file: /^tests\/fixtures\//, because: 'files that earlier releases and other programs wrote' },
  { file: /^docs\/reference\/old-names\.md$/, because: 'the list of old names that are still accepted' },
  { file: /^CHANGELOG\.md$/, only: /→|renamed|old name/i, because: 'the changelog names what was renamed' },
];
