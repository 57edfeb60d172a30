import { number } from './card-table.js';
import { worstUnseen } from './worst-unseen.js';
import type { Figures } from './figures-file.js';

/** What a reader must know before any other figure: the first section of the card. */
export function limitations({ xray, unseen }: Figures, reported: readonly string[]): string {
  const worst = worstUnseen(unseen);
  return [
    ...reported.flatMap((name) => {
      const lowest = worst[name];
      const inside = xray.test.findings[name]?.auroc.value ?? null;
      return lowest === undefined
        ? [`It is unknown how well it finds \`${name}\` at a hospital whose images it was not trained on.`]
        : [
            `**At hospitals that it never saw it is much worse than its other figures say**: AUROC of \`${name}\` ${number(lowest.auroc)} on ${lowest.source} (left out of training) against ${number(inside)} on held-out patients of the training sources.`,
          ];
    }),
    `On X-rays it states ${reported.map((name) => `\`${name}\``).join(', ')} only. \`abnormal\` means that the image differs from what the network learned as normal: it may order a worklist, it names no disease, and an image without it is not a normal image.`,
    `The promotion gate rejects both networks (below). A new installation deploys them because there is no other model.`,
    `Trained on published 8-bit images, not on DICOM; of ${xray.made.images['train'] ?? 0} X-rays many have labels from report text, which are often wrong.`,
    'Children: all are from one hospital, and about two thirds of them have pneumonia. Probabilities for children do not mean the same as for adults.',
    'AP or PA: all AP images of covid-chestxray are COVID-19, and patients with AP (portable) images are sicker everywhere. The network does not know the view, and it is not corrected for.',
    'Devices (tubes, leads) are associated with COVID-19 and pneumonia.',
    `CT: \`covid-19\` comes from one source of about 200 patients and no second source was available: nothing is known about CT of other hospitals. Do not use it to decide about isolation or treatment.`,
    'Evaluate the model on your own studies before you rely on any figure, and expect worse results than here. Show these limitations with every result, and keep the word "undetermined".',
  ]
    .map((line) => `- ${line}`)
    .join('\n');
}
