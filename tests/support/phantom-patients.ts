import type { PictureCache } from '../../src/dataset/picture-cache.js';
import { derivedUid } from '../../src/dicom/uid.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { chestPhantom } from '../../src/samples/chest-phantom.js';
import { exampleOf, type RetrainingPlan } from '../../src/retraining/retraining-plan.js';
import { architectureOf, type ArchitectureSpec } from '../../src/network/architecture-spec.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import type { Engine } from '../../src/engine/engine.js';
import { networkInput } from '../../src/pixels/network-input.js';
import type { Candidate, CandidateLayers } from '../../src/registry/candidate.js';
import { tinyCandidate, tinyNetwork } from './tiny-model.js';

type PlannedImage = RetrainingPlan['images'][number];

/** A patient with one picture: a synthetic chest, every second one with an opacity in a lung. */
export interface PhantomPatient {
  readonly number: number;
  readonly diseased: boolean;
  readonly image: GreyImage;
}

const side = 72;
const anatomies = 12;
const chests: Float32Array[] = [];

/** Twelve chests of the phantom, made once; each patient has one of them with noise, exposure and place of disease of its own. */
function chest(index: number): Float32Array {
  return (chests[index] ??= (() => {
    const { values, bitsStored } = chestPhantom({
      seed: `night ${index}`,
      sex: index % 2 ? 'F' : 'M',
      rows: side,
      columns: side,
      marker: false,
    });
    return Float32Array.from(values, (value) => value / 2 ** bitsStored);
  })());
}

export function phantomPatient(number: number): PhantomPatient {
  const draw = mulberry32(number + 1);
  const diseased = number % 2 === 1;
  const base = chest(Math.floor(number / 2) % anatomies);
  const gain = 0.9 + 0.2 * draw();
  const [x, y] = [(draw() < 0.5 ? 0.3 : 0.7) * side + 4 * (draw() - 0.5), (0.42 + 0.14 * draw()) * side];
  const radius = 3.5 + 1.5 * draw();
  const values = Float32Array.from(base, (value, index) => {
    const distance = ((index % side) - x) ** 2 + (Math.floor(index / side) - y) ** 2;
    const opacity = diseased ? (0.2 + 0.3 * draw()) * Math.exp(-distance / (2 * radius ** 2)) : 0;
    return Math.min(1, Math.max(0, value * gain + opacity + 0.03 * (draw() - 0.5)));
  });
  return { number, diseased, image: { width: side, height: side, values, pixelAspect: 1 } };
}

/** The images of these patients as a retraining run plans them. The labels are the truth, unless `label` states others. */
export async function plannedPhantoms(
  cache: PictureCache,
  from: number,
  count: number,
  part: (number: number) => PlannedImage['part'],
  label: (patient: PhantomPatient) => boolean = ({ diseased }) => diseased,
  pictureOf: (patient: PhantomPatient) => GreyImage | Promise<GreyImage> = ({ image }) => image,
): Promise<readonly PlannedImage[]> {
  const images: PlannedImage[] = [];
  for (let number = from; number < from + count; number++) {
    const patient = phantomPatient(number);
    const image: PlannedImage = {
      sopInstanceUID: derivedUid('phantom patient', String(number)),
      seriesInstanceUID: derivedUid('phantom series', String(number)),
      studyInstanceUID: derivedUid('phantom study', String(number)),
      patient: `p${number}`,
      source: 'phantom',
      view: 'PA',
      labels: label(patient) ? ['pneumonia'] : [],
      unknown: [],
      part: part(number),
    };
    await cache.put(exampleOf(image).key, await pictureOf(patient));
    images.push(image);
  }
  return images;
}

/** A model that has learned nothing yet and finds nothing: a hospital's first retraining run starts from one. */
export function blindCandidate(findings: readonly string[] = ['pneumonia']): Candidate {
  const spec: ArchitectureSpec = {
    family: 'resnet',
    block: 'basic',
    inputChannels: 1,
    layers: [1, 1],
    widths: [12, 24],
    strides: [1, 2],
    outputs: findings.length,
    head: 'torchvision',
  };
  const network = tinyNetwork({
    architecture: spec,
    tensors: initialWeights(architectureOf(spec), 1),
    // Not per image: a picture with a part covered would look otherwise everywhere.
    input: { width: 64, height: 64, channels: 1, resize: 'bilinear-antialias', normalization: 'imagenet' },
    outputs: findings.map((name) => ({ kind: 'finding' as const, name, temperature: 1, absentBelow: 0.2, presentFrom: 0.999 })),
  });
  const { features } = architectureOf(spec);
  const precision = new Float32Array(features * features);
  for (let row = 0; row < features; row++) precision[row * features + row] = 1;
  return tinyCandidate(1e6, {
    name: 'blind',
    networks: { xray: { ...network, gate: { mean: new Float32Array(features), precision, maxDistance: 1e6 } } },
  });
}

/**
 * The same network, but it guesses: of the pictures it calls about half present, whatever they show. Beside a champion that never
 * calls anything, every challenger would lose specificity.
 *
 * @param images of the kind that it will see, for where its middle is
 */
export async function guessingCandidate(
  engine: Engine,
  images: readonly GreyImage[] = Array.from({ length: 32 }, (_, number) => phantomPatient(1_000_000 + number).image),
): Promise<Candidate> {
  const blind = blindCandidate();
  const network = blind.networks.xray as CandidateLayers;
  const predictor = await engine.load({ architecture: architectureOf(network.architecture), tensors: network.tensors });
  const inputs = images.map((image) => networkInput(image, network.input));
  const data = new Float32Array(inputs.length * inputs[0]!.length);
  inputs.forEach((input, index) => data.set(input, index * input.length));
  const { channels, height, width } = network.input;
  const { logits } = await predictor.predict({ data, batch: inputs.length, channels, height, width });
  await predictor.release();
  const sorted = [...logits].sort((a, b) => a - b);
  const middle = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  return {
    ...blind,
    name: 'guessing',
    networks: {
      xray: {
        ...network,
        outputs: [{ kind: 'finding', name: 'pneumonia', temperature: 1, bias: -middle, absentBelow: 0.4, presentFrom: 0.5 }],
      },
    },
  };
}

/** How this small network learns these pictures in a dozen epochs. The gate's rules are the shipped ones. */
export const phantomRetraining = { batch: 16, epochs: 12, rate: 2e-2 } as const;

/** Of sixteen patients six train, two validate, four calibrate and four are locked for testing. */
export function usualPart(number: number): PlannedImage['part'] {
  return number % 16 < 6 ? 'train' : number % 16 < 8 ? 'validation' : number % 16 < 12 ? 'calibration' : 'test';
}
