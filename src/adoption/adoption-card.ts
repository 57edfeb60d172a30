import type { CandidateNetwork } from '../registry/candidate.js';
import type { Adopted, InputSpecification } from '../registry/model-file.js';

export interface AdoptionCardContent {
  readonly name: string;
  readonly created: string;
  readonly license: string;
  readonly adopted: Adopted;
  readonly kind: 'xray' | 'ct';
  readonly description: string;
  readonly network: CandidateNetwork;
  readonly messages: readonly string[];
}

/** CARD.md of a model of others: where it comes from, how its pictures are prepared, how its outputs are read, and what is not known. */
export function adoptionCard({ name, created, license, adopted, kind, description, network, messages }: AdoptionCardContent): string {
  const { from, format, sha256, publisher, preset } = adopted;
  const rows = network.outputs.map((output) => {
    if (output.kind !== 'finding') return `| ${output.name || '–'} | not reported | – | – |`;
    const { publishedThreshold, presentFrom, absentBelow } = output;
    return `| ${output.name} | ${publishedThreshold === undefined ? '–' : publishedThreshold} | ${presentFrom} | ${absentBelow} |`;
  });
  return `# ${name}

**Not for diagnosis.** Adopted ${created} from ${publisher ?? 'an unknown publisher'}; not trained by this program. ${license}.

## Limitations

- How accurate the network is at this hospital is not known: evaluate it (\`evaluate\`, \`models compare\`) before it is promoted.
- ${network.gate ? 'Its feature guard was fitted on images of this hospital.' : 'No feature guard was fitted: images unlike those that it was trained on are not refused, except by the check for a frontal chest. `models guard` fits one.'}
- Patients whose images its publisher trained it on are not known; a public test set may contain them.

## What it is

| | |
| --- | --- |
| source | ${from} (${format}) |
| SHA-256 of the source | ${sha256} |
| network | ${description}, for ${kind === 'xray' ? 'frontal chest radiographs' : 'axial chest CT slices'} |
| preset | ${preset ?? 'none, by options'} |

## What the network sees

${describeInput(network.input)} network-input.png beside this card shows it.

## Outputs

Thresholds are **not calibrated here**. ${
    network.objective === 'one-of-many'
      ? 'The findings exclude each other: their probabilities, with those of the outputs that are not reported, add up to 1.'
      : 'Each finding has a probability of its own. Where the publisher states an operating point, the probability is scaled so that 50 % is this point; it is no probability in the strict sense.'
  }

| finding | publisher's operating point | present from | absent below |
| --- | --- | --- | --- |
${rows.join('\n')}

${messages.map((line) => `- ${line}`).join('\n')}
`;
}

function describeInput(input: InputSpecification): string {
  const {
    width,
    height,
    channels,
    fit = 'squash',
    shorterSide,
    padding = 0,
    resize,
    eightBit,
    normalization,
    window,
    windows,
    slices,
  } = input;
  const shapes = {
    squash: 'The whole picture, squashed',
    pad: `The whole picture, its shape preserved, with grey ${padding} around it`,
    'centre-crop':
      shorterSide === undefined
        ? 'The middle of the picture'
        : `The middle of the picture after its shorter side became ${shorterSide} pixels`,
  };
  const planes = [
    ...(window ? [`window ${window.center} ± ${window.width / 2} HU`] : []),
    ...(windows ? [`windows ${windows.map((one) => `${one.center} ± ${one.width / 2} HU`).join(', ')} as channels`] : []),
    ...(slices ? [`${slices} neighbouring slices as channels`] : []),
  ];
  return `${shapes[fit]}, ${width} × ${height} pixels, ${channels === 1 ? 'one channel' : `${channels} channels`}; filter ${resize}${eightBit ? ' in whole grey levels of 8 bits' : ''}; ${[...planes, describeNormalization(normalization)].join('; ')}.`;
}

function describeNormalization(normalization: InputSpecification['normalization']): string {
  if (normalization === 'per-image') return "minus the picture's mean, divided by its standard deviation";
  if (normalization === 'imagenet') return "ImageNet's mean and standard deviation";
  if ('range' in normalization) return `values from ${normalization.range[0]} (black) to ${normalization.range[1]} (white)`;
  if ('imageRange' in normalization)
    return `the picture's own darkest value ${normalization.imageRange[0]}, its brightest ${normalization.imageRange[1]}`;
  const { mean, std, scale } = normalization;
  return `(${scale === 255 ? '255 · ' : ''}grey − ${mean.join(', ')}) / ${std.join(', ')}`;
}
