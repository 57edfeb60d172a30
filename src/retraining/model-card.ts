import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { pluralise } from '../evaluation/pluralise.js';
import type { Candidate } from '../registry/candidate.js';

/** CARD.md of a network that was just trained: its data, its settings and its metrics on the validation images. */
export function trainingCard(
  { name, created, license, lineage }: Pick<Candidate, 'name' | 'created' | 'license' | 'lineage'>,
  report: EvaluationReport,
): string {
  const { dataset } = lineage;
  const share = (value: number | null): string => (value === null ? '–' : `${(value * 100).toFixed(1)} %`);
  const interval = (of: readonly [number, number] | null, write: (value: number) => string): string =>
    of ? ` (${write(of[0])} to ${write(of[1])})` : '';
  const plain = (value: number): string => value.toFixed(3);
  const rows = report.classes.map((finding) => {
    const { n, positives, auroc, sensitivity, specificity } = report.perClass[finding]!;
    return `| ${finding} | ${positives} of ${n} | ${auroc.value === null ? '–' : plain(auroc.value) + interval(auroc.interval, plain)} | ${share(sensitivity.value)}${interval(sensitivity.interval, share)} | ${share(specificity.value)}${interval(specificity.interval, share)} |`;
  });
  return `# ${name}

**Not for diagnosis.** Trained ${created} by this program on ${pluralise(dataset.images, 'image')} of ${pluralise(dataset.patients, 'patient')} (${dataset.name}). ${license}.

## Limitations

- The figures below are of images of the same sources as the training images: expect lower figures at another hospital.
${report.warnings.map((line) => `- ${line}\n`).join('')}- It was not tested on patients and has no approval.

## What it is

| | |
| --- | --- |
| initial weights | ${lineage.parent ?? lineage.startedFrom ?? 'random weights'} |
| images | ${Object.entries(dataset.splits)
    .map(([part, count]) => `${part} ${count}`)
    .join(', ')} |
| sources | ${Object.entries(dataset.sources)
    .map(([source, count]) => `${source} ${count}`)
    .join(', ')} |
| engine, seed | ${lineage.engine}, ${lineage.seed} |

## On the validation images

${pluralise(report.n, 'image')} of ${pluralise(report.patients, 'patient')}. Accuracy ${share(report.accuracy)}${interval(report.accuracyInterval, share)}; always predicting the most frequent class ${share(report.majorityRate)}; balanced accuracy ${share(report.balancedAccuracy)}. Intervals are 95 %.

| class | images | AUROC | sensitivity | specificity |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}
