/**
 * Where an old word may stand, and why. `only` limits an entry to lines that contain that text, `words` to some of the words.
 */
export interface AllowedPlace {
  readonly file: RegExp;
  readonly words?: readonly string[];
  readonly only?: RegExp;
  readonly because: string;
}

export const allowedPlaces: readonly AllowedPlace[] = [
  { file: /^tests\/unit\/language(?:-words|-allowed)?(?:\.test)?\.ts$/, because: 'the list itself' },
  { file: /^tests\/unit\/usability-words\.test\.ts$/, because: 'words of the page that must be gone' },

  // Names of other people's programs.
  {
    file: /\.tsx?$/,
    words: ['settle'],
    only: /\b(?:allSettled|onSettled|PromiseSettledResult)\b/,
    because: 'JavaScript and TanStack Query',
  },

  // Old names that are accepted for one release, or read from what earlier releases stored.
  { file: /^src\/store\/migrations\//, because: 'databases of earlier releases' },
  { file: /^src\/store\/former-actions\.ts$/, because: 'audit entries of release 0.2.0' },
  { file: /^src\/server\/deprecated\.ts$/, because: 'addresses and fields of release 0.2.0' },
  { file: /^src\/server\//, only: /former|deprecated: true/, because: 'addresses and fields of release 0.2.0' },
  {
    file: /^src\/(?:server\/(?:metrics|page\/page-data|page\/model-actions|routes\/health)|monitoring\/health(?:-report)?)\.ts$/,
    words: ['parked', 'in service'],
    only: /parked\b.*(?:failed|queue)|`parked`|inService|readonly parked/i,
    because: 'a field of a response of release 0.2.0, beside the present one',
  },
  { file: /^src\/web\/views\/audit-entries\.tsx$/, words: ['verdict'], only: /'verdict\./, because: 'audit entries of release 0.2.0' },
  { file: /^src\/commands\/former-names\.ts$/, because: 'commands of release 0.2.0' },
  {
    file: /^src\/commands\/doctor\.ts$/,
    words: ['mend'],
    only: /release|mend: check\.fix/,
    because: 'a field of the JSON of release 0.2.0',
  },
  { file: /^src\/config\/deprecated-names\.ts$/, because: 'settings of release 0.2.0' },
  { file: /^src\//, only: /formerNames|formerKeys|formerCodes/, because: 'names of release 0.2.0' },
  {
    file: /^src\/sr\/(?:codes|equipment)\.ts$/,
    only: /own\('|CHEST-AI-VERDICT|former/,
    because: 'codes in documents of releases 0.1.0 and 0.2.0',
  },
  { file: /^src\/jobs\/boss\.ts$/, words: ['parked'], only: /job_parked/, because: 'an index of the database of release 0.2.0' },
  { file: /^src\/lib\/private-files\.ts$/, words: ['night'], only: /^ *'night',$/, because: 'a folder of release 0.2.0' },
  { file: /^src\/retraining\/bring-folder-forward\.ts$/, words: ['night'], because: 'a folder of release 0.2.0' },
  { file: /^src\/retraining\/run-outcome\.ts$/, words: ['judge'], only: /judgement/, because: 'a field of a file of release 0.2.0' },
  {
    file: /^src\/(?:registry\/change-record|commands\/retrain)\.ts$/,
    words: ['night'],
    only: /night-|\|night\)|releases? /,
    because: 'ids of release 0.2.0',
  },
  { file: /^src\/training\/recipe\.ts$/, words: ['superlative'], only: /mostDraws/, because: 'a field of a file of release 0.2.0' },
  { file: /^src\/service\/bring-forward\.ts$/, words: ['night'], only: /DATA_DIR\/night/, because: 'a folder of release 0.2.0' },
  { file: /^models\/starter\/lineage\.json$/, because: 'written when the starter was made' },

  // Tests of the above.
  {
    file: /^tests\/unit\/sr-examples\.ts$/,
    words: ['judge'],
    only: /the model judges frontal views/,
    because: 'a sentence in documents that releases 0.1.0 and 0.2.0 wrote',
  },
  {
    file: /^tests\/support\/example-replies\.ts$/,
    only: /\bparked:|inService:/,
    because: 'fields of responses of release 0.2.0, beside the present ones',
  },
  { file: /^tests\/unit\/former-actions\.test\.ts$/, words: ['verdict'], because: 'audit entries of release 0.2.0' },
  { file: /^tests\/unit\/retraining-folder\.test\.ts$/, words: ['night', 'superlative'], because: 'a folder and a plan of release 0.2.0' },
  { file: /^tests\/unit\/command-help\.test\.ts$/, words: ['night'], only: /'night-train'/, because: 'a command of release 0.2.0' },
  { file: /^tests\/unit\/command-help\.test\.ts$/, only: /verdicts\?\|/, because: 'the words that no help may contain' },
  {
    file: /^tests\/support\/phantom-patients\.ts$/,
    words: ['night'],
    only: /seed: `night/,
    because: 'a seed: another one makes other pictures, and the figures that tests expect were measured on these',
  },
  { file: /^tests\/fixtures\//, because: 'files that earlier releases and other programs wrote' },
  {
    file: /^tests\/support\/example-replies\.ts$/,
    words: ['parked', 'in service'],
    because: 'fields of responses of release 0.2.0, beside the present ones',
  },
  {
    file: /^tests\//,
    only: /former|old name|deprecat|release-?s? ?0\.[12]|0\.[12]\.0|formerNames|\.verdict\b|'verdicts?'|\/verdicts|'night'|night:|DATA_DIR\/night/,
    because: 'tests of what earlier releases stored, and of old names',
  },
  {
    file: /^tests\/integration\/open-api\.test\.ts$/,
    only: /\bparked\b|inService|'\/api\/(?:parked|night|answer)|settle[sd]|judgedDocument/,
    because: 'paths, fields and values of release 0.2.0 that are still served or accepted',
  },
  {
    file: /^tests\/integration\/audit\.test\.ts$/,
    words: ['verdict'],
    only: /'verdict\.give'/,
    because: 'an audit action of release 0.2.0',
  },
  {
    file: /^tests\/integration\/backup\.test\.ts$/,
    words: ['judge', 'parked'],
    only: /"judgement"|'parked'/,
    because: 'rows as release 0.2.0 stored them',
  },
  {
    file: /^tests\/integration\/private-files\.test\.ts$/,
    words: ['mend'],
    only: /mend: string/,
    because: 'a field of the JSON of release 0.2.0',
  },

  // Documents about old names.
  { file: /^docs\/reference\/old-names\.md$/, because: 'the list of old names' },
  {
    file: /^docs\/reference\/documents\.md$/,
    only: /^Releases 0\.1\.0 and 0\.2\.0 wrote the codes/,
    because: 'codes in documents of releases 0.1.0 and 0.2.0',
  },
  { file: /^CHANGELOG\.md$/, only: /→|`settled` is `agreed`/, because: 'the changelog states what was renamed' },
];
