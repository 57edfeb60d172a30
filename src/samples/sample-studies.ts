import type { StudyInstanceUID } from '../dicom/uid.js';
import { chestPhantom } from './chest-phantom.js';
import { ctPhantom } from './ct-phantom.js';
import { handPhantom } from './hand-phantom.js';
import { crFile, ctFile, dxFile, scoutFile, sampleStudyUid, type SampleIdentity } from './sample-file.js';

/** A synthetic study as Part 10 files, and what has to come of it. */
export interface SampleStudy {
  readonly title: string;
  readonly studyInstanceUID: StudyInstanceUID;
  readonly files: readonly Uint8Array[];
  /** Undefined for a patient's image: whether a model takes it for a frontal chest is not known beforehand. */
  readonly expected: 'reported' | 'skipped' | undefined;
}

export interface SampleSize {
  /** 1 gives the size of real detectors; tests take less. */
  readonly scale?: number;
  readonly ctSlices?: number;
}

const frontal = { bodyPart: 'CHEST', view: 'PA' } as const;

/**
 * The studies of the demo: what is reported and what is passed over, in the forms that hospitals send.
 * Phantoms, computed from anatomy and X-ray physics; no patient's image is in them. The same seed gives the same files.
 */
export function sampleStudies(seed = 'demo', size: SampleSize = {}): readonly SampleStudy[] {
  const { scale = 1, ctSlices = 40 } = size;
  const scaled = (rows: number, columns: number) => ({
    rows: Math.round((rows * scale) / 2) * 2,
    columns: Math.round((columns * scale) / 2) * 2,
  });
  const person = (number: number, name: string, sex: 'F' | 'M'): SampleIdentity => ({
    seed: `${seed} ${number}`,
    patientName: name,
    patientID: `PHANTOM-${number}`,
    sex,
  });
  const study = (
    title: string,
    expected: SampleStudy['expected'],
    identity: SampleIdentity,
    files: readonly Uint8Array[],
  ): SampleStudy => ({ title, expected, studyInstanceUID: sampleStudyUid(identity), files });

  const clear = person(6, 'PHANTOM^CLEAR', 'M');
  const opacity = person(2, 'PHANTOM^OPACITY', 'F');
  const inverted = person(3, 'PHANTOM^INVERTED', 'M');
  const sideways = person(4, 'PHANTOM^SIDEWAYS', 'F');
  const hand = person(5, 'PHANTOM^HAND', 'M');
  const sliced = person(1, 'PHANTOM^SLICED', 'M');
  const kanji = person(7, 'Phantom^Tarou=模型^太郎=もけい^たろう', 'M');

  return [
    study('chest CR, clear', 'reported', clear, [
      crFile(clear, chestPhantom({ seed: clear.seed, sex: 'M', ...scaled(1760, 1430) }), frontal),
    ]),
    study('chest CR, opacity in the right lower zone', 'reported', opacity, [
      crFile(
        opacity,
        chestPhantom({
          seed: opacity.seed,
          sex: 'F',
          ...scaled(1760, 1430),
          opacities: [{ side: 'right', zone: 'lower', kind: 'consolidation' }],
        }),
        frontal,
      ),
    ]),
    study('chest DX, MONOCHROME1, 16 bits, 2500 × 2048', 'reported', inverted, [
      dxFile(
        inverted,
        chestPhantom({ seed: inverted.seed, sex: 'M', ...scaled(2500, 2048), bitsStored: 16, photometricInterpretation: 'MONOCHROME1' }),
        frontal,
      ),
    ]),
    study('chest CR, lateral view only', 'skipped', sideways, [
      crFile(sideways, chestPhantom({ seed: sideways.seed, sex: 'F', view: 'lateral', ...scaled(1760, 1430) }), {
        bodyPart: 'CHEST',
        view: 'LL',
      }),
    ]),
    study('hand CR', 'skipped', hand, [
      crFile(hand, handPhantom({ seed: hand.seed, ...scaled(1500, 1200) }), { bodyPart: 'HAND', view: 'PA' }),
    ]),
    study('chest CT with scout', 'reported', sliced, ctFiles(sliced, ctSlices, Math.round(256 * scale) * 2)),
    study('chest CR, Japanese name', 'reported', kanji, [
      crFile(kanji, chestPhantom({ seed: kanji.seed, sex: 'M', ...scaled(1760, 1430) }), frontal),
    ]),
  ];
}

function ctFiles(identity: SampleIdentity, slices: number, size: number): readonly Uint8Array[] {
  const scout = chestPhantom({ seed: identity.seed, sex: identity.sex, rows: size, columns: size, marker: false });
  const ct = ctPhantom({
    seed: identity.seed,
    sex: identity.sex,
    slices,
    size,
    opacities: [
      { side: 'left', zone: 'lower', kind: 'ground-glass' },
      { side: 'right', zone: 'middle', kind: 'ground-glass' },
    ],
  });
  const { mmPerPixel, sliceDistanceMm: thicknessMm } = ct;
  return [
    scoutFile(identity, 1, scout),
    ...ct.slices.map(({ position, hu }, index) => ctFile(identity, 2, { number: index + 1, size, mmPerPixel, thicknessMm, position, hu })),
  ];
}
