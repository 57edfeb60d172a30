import type { Criterion } from '../../src/evaluation/promotion/gate-decision.js';
import type { ModelFile } from '../../src/registry/model-file.js';
import type { InputSpecification } from '../../src/registry/input-file.js';
import { architectureOf, type ArchitectureSpec } from '../../src/network/architecture-spec.js';
import { parametersOf } from '../../src/network/parameters.js';
import { parseStoredRecipe, type Recipe } from '../../src/training/recipe.js';
import { estimate, number, share, table } from './card-table.js';
import { limitations } from './card-limitations.js';
import { unseenSections } from './card-unseen.js';
import { dataAndLicence } from './card-texts.js';
import type { Figures, NetworkFigures, SetFigures } from './figures-file.js';

/** CARD.md out of figures.json and model.json: no figure of it is written by hand. */
export function starterCard(figures: Figures, file: ModelFile): string {
  const { xray, ct } = figures;
  return `${[
    '# Model card: orthanc-chest-ai starter',
    `**Not for diagnosis.** This small network lets a new installation work from end to end. It was not tested on patients, has no approval, and must not guide care. Replace it by a network that was trained and tested on your own labelled studies.`,
    `Made ${file.created} by \`chest-ai train-starter\` with the same code as every other model ([how](README.md)). Every figure below comes from \`figures.json\`, which \`npm run starter-figures\` measures with the code of \`evaluate\` and \`models gate\`. Brackets are 95 % intervals, bootstrap by patient or near-duplicate group.`,
    '## Limitations',
    limitations(figures, reportedBy(file)),
    ...unseenSections(figures, reportedBy(file)),
    '## What it is',
    whatItIs(figures, file),
    limitsTable(file),
    'Probability = sigmoid(logit / temperature + bias). `present` from `presentFrom`, `absent` below `absentBelow`, otherwise undetermined. Temperatures, thresholds and the limit of the distance come from the calibration images; the threshold of `abnormal` comes from sources that were left out of training (above).',
    '## Data, licence, attribution',
    dataAndLicence,
    `X-rays, including synthetic near-misses and pictures of other kinds: ${parts(xray)}. CT: ${parts(ct)}. The test set was drawn and locked before training. No weight, temperature or threshold comes from it, no variant was chosen by it, and it was evaluated with the shipped networks only. It decides which findings of a single source ship (above).`,
    '## X-ray: held-out patients of the same sources',
    ...Object.keys(xray.test.findings).flatMap((name) => [
      `**${name}**`,
      setTable(
        [
          ['validation', xray.validation],
          ['locked test set', xray.test],
        ],
        name,
      ),
    ]),
    '**These figures are too optimistic.** COVID-19 images come from other hospitals, years and scanners than normal ones, and the children with pneumonia are from another country than the adults. A network that distinguishes sources scores high here; the sources that were left out of training (above) say more. NIH’s labels are extracted from report text and noisy.',
    'What else was tried, with figures: [experiments](../../docs/reference/starter-experiments.md).',
    '## What the gate says',
    `\`models gate\` on ${xray.test.n === xray.gate.testSet.n ? 'the locked test set' : 'a part of the locked test set, drawn at random'} (${xray.gate.testSet.n} X-rays of ${xray.gate.testSet.patients} patients): **${xray.gate.decision}**. ${xray.gate.why}`,
    criteriaTable(xray.gate.criteria),
    `CT (${ct.gate.testSet.n} slices of ${ct.gate.testSet.patients} patients): **${ct.gate.decision}**. ${ct.gate.why}`,
    criteriaTable(ct.gate.criteria),
    'A new installation deploys this model even if the gate rejects it, because there is no other one.',
    '## What it abstains from',
    'An image is reported only if it resembles the mean frontal chest (X-ray), the guard output is high enough, and the features are not further from those of the training images than those of nearly all held-out images. Images of the locked test set:',
    abstentionTable('X-ray', xray),
    abstentionTable('CT', ct),
    'The data contain few lateral views, so little is known about them; use ViewPosition if the DICOM file has it. Mirrored images are neither trained nor rejected.',
    'The DICOM files of NEMA WG04, which were not used for training (RG1: frontal chest radiograph; RG2: hip; RG3: lower leg; MG1: breast; CT1: chest CT slice; CT2: head CT; XA1: angiogram; SC1: sheet of head CTs; VL1 to VL3 endoscopy; VL6 microscopy; NM1 bone scan; US1 ultrasound; MR1 to MR4: head, shoulder, knee, head). Several files of one name are the same image in different transfer syntaxes.',
    filesTable(figures),
    'A finding on a rejected image has no meaning; the columns show that the findings alone do not detect unsuitable images. RG1 and CT1 were published years before 2019, so COVID-19 present in them would be a false alarm.',
    '## CT',
    'COVID-19 comes from one source: about 200 patients, slices taken from papers. The second source, a compilation of carcinomas and normal slices, has none. Slices are cut to the lungs, as the service cuts those of a scanner; half of the training images are the same slices drawn as a full field of view.',
    setTable(
      [
        ['validation', ct.validation],
        ['locked test set', ct.test],
      ],
      'covid-19',
    ),
    'No second source with both classes was available, so nothing is known about CT from other hospitals. The service uses a window of −600 / 1500 HU; the windows of the training images are unknown. The gate rejects this network (above), also because it uses what surrounds the lungs; `covid-19` on CT is shown nevertheless, as a demonstration.',
  ].join('\n\n')}\n`;
}

/** Findings of X-rays that the model states; the others are outputs that it ignores. */
function reportedBy({ networks }: ModelFile): readonly string[] {
  return (networks.xray?.outputs ?? []).flatMap(({ kind, name }) => (kind === 'finding' ? [name] : []));
}

function whatItIs({ xray, ct }: Figures, { networks }: ModelFile): string {
  const kinds = [
    ['xray', xray, networks.xray!],
    ['ct', ct, networks.ct!],
  ] as const;
  return table(
    ['', '`xray`, for frontal chest radiographs', '`ct`, for axial chest CT slices'],
    [
      ['network', ...kinds.map(([, , { architecture }]) => architectureText(architecture!))],
      [
        'outputs',
        ...kinds.map(([, , { outputs }]) =>
          outputs.map(({ name, kind }) => (kind === 'finding' ? name : `${name} (${kind === 'gate' ? 'guard' : 'ignored'})`)).join(', '),
        ),
      ],
      ['input', ...kinds.map(([, , { input }]) => inputText(input))],
      ['trained on', 'published 8-bit images (JPEG, PNG), **not DICOM**', 'images with an unknown window, **not Hounsfield units**'],
      [
        'began with',
        ...kinds.map(([, { made }]) => made.startedFrom ?? 'weights drawn at random, or the body of an earlier X-ray network'),
      ],
      ['training', ...kinds.map(([, { made }]) => trainingText(made))],
      ['batches', ...kinds.map(([, { made }]) => batchesText(parseStoredRecipe(made.recipe)))],
      ['augmentation', ...kinds.map(([, { made }]) => augmentationText(parseStoredRecipe(made.recipe)))],
    ],
  );
}

function architectureText(architecture: ArchitectureSpec): string {
  const count = [...parametersOf(architectureOf(architecture))].reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  return `${architecture.family}, ${(count / 1e6).toFixed(1)} million parameters`;
}

function inputText({ width, height, equalise, normalization }: InputSpecification): string {
  const steps = [`one grey image, full frame resized to ${width} × ${height} (bilinear, antialiased)`];
  if (equalise) steps.push('histogram equalised');
  if (normalization === 'per-image') steps.push('minus its mean, divided by its standard deviation');
  return steps.join(', ');
}

function trainingText({ recipe, steps, seed, engine }: NetworkFigures['made']): string {
  const { stages, batch } = parseStoredRecipe(recipe);
  const each = stages.map(
    ({ epochs, pixels }) => `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} at ${pixels ? `${pixels} pixels` : 'full size'}`,
  );
  return `${steps} steps of ${batch} (${each.join(', then ')}); AdamW, one cycle for each stage; seed ${seed}, ${engine}`;
}

function batchesText({ sampling, maxDraws }: Recipe): string {
  const cap = maxDraws === undefined ? '' : `; no image more than ${maxDraws} times an epoch`;
  if (!sampling) return `each source and class equally often${cap}`;
  const total = sampling.groups.reduce((sum, { share: one }) => sum + one, 0);
  const groups = sampling.groups.map(({ name, share: one }) => `${name} ${share(one / total)}`).join(', ');
  return `${groups}; within each, every ${sampling.evenly === 'source' ? 'source' : 'source and view'} equally often${cap}`;
}

function augmentationText({ augmentation: { pEqualise, lungs } }: Recipe): string {
  const parts = ['warp, rotation, zoom, light, gamma, covered borders and corners; no flip'];
  if (pEqualise) parts.push(`grey values moved towards a flat histogram (${share(pEqualise)})`);
  if (lungs)
    parts.push(
      `everything but the lungs from another image (${share(lungs.pExchange)}) or of one grey (${share(lungs.pAlone)}), or the lungs covered and the target of every finding 0.5 (${share(lungs.pCovered)})`,
    );
  return parts.join('; ');
}

function limitsTable({ networks }: ModelFile): string {
  const rows = Object.entries(networks).flatMap(([kind, network]) =>
    (network?.outputs ?? []).map((output) =>
      output.kind === 'finding'
        ? [kind, output.name, `${output.temperature}`, `${output.bias ?? 0}`, `${output.absentBelow}`, `${output.presentFrom}`]
        : output.kind === 'ignored'
          ? [kind, output.name, '–', '–', '–', 'not reported']
          : [
              kind,
              output.name,
              `${output.temperature}`,
              '–',
              '–',
              `accepted from ${output.acceptFrom}, distance up to ${network!.gate?.maxDistance.toFixed(2) ?? '–'}`,
            ],
    ),
  );
  return table(['network', 'output', 'temperature', 'bias', 'absentBelow', 'presentFrom'], rows);
}

function parts({ made: { images } }: NetworkFigures): string {
  return Object.entries(images)
    .map(([part, count]) => `${part} ${count}`)
    .join(', ');
}

function setTable(sets: readonly (readonly [string, SetFigures])[], finding: string): string {
  const rows = sets.flatMap(([where, set]) => [
    [`**${where}**`, ...findingCells(set.findings[finding]!), share(set.refused)],
    ...(set.bySource.length > 1
      ? set.bySource.map((group) => [`… ${group.name}`, ...findingCells(group.findings[finding]!), share(group.refused)])
      : []),
  ]);
  return table(['images of', 'n', 'positive', 'AUROC', 'sensitivity', 'specificity', 'ECE', 'Brier', 'rejected'], rows);
}

function findingCells({ n, positives, auroc, sensitivity, specificity, ece, brier }: SetFigures['findings'][string]): string[] {
  return [`${n}`, `${positives}`, estimate(auroc), estimate(sensitivity), estimate(specificity), number(ece), number(brier)];
}

function criteriaTable(criteria: readonly Criterion[]): string {
  return table(
    ['', 'result'],
    criteria.map(({ counts, passed, words }) => [passed && counts ? 'passed' : counts ? '**failed**' : 'shown', words]),
  );
}

function abstentionTable(kind: string, { abstention, test }: NetworkFigures): string {
  return table(
    [kind, 'n', 'rejected'],
    [
      ['**images of its own kind (wrongly rejected)**', `${test.n}`, share(test.refused)],
      ...abstention.map(({ what, n, refused }) => [what, `${n}`, share(refused)]),
    ],
  );
}

function filesTable({ files }: Figures): string {
  const names = [...new Set(files.map(({ name }) => name))];
  const kinds = (['xray', 'ct'] as const).map((network) => {
    const own = files.filter((one) => one.network === network);
    return { network, own, findings: [...new Set(own.flatMap(({ findings }) => Object.keys(findings)))] };
  });
  const rows = names.map((name) => [
    name,
    ...kinds.flatMap(({ own, findings }) => {
      const file = own.find((one) => one.name === name);
      return [
        file === undefined ? '–' : `${file.accepted} of ${file.files}`,
        ...findings.map((finding) => number(file?.findings[finding] ?? null)),
      ];
    }),
  ]);
  return table(['image', ...kinds.flatMap(({ network, findings }) => [`\`${network}\` accepts`, ...findings])], rows);
}
