import type { Draws } from '../lib/seeded-random.js';

/** How far pictures are changed in training; fastai's `get_transforms`, without the flip that mirrors the heart. */
export interface AugmentationSettings {
  /** Probability of a horizontal flip; fastai has 0.5. A mirrored heart is a disease of its own. */
  readonly flip: number;
  /** Largest shift of a corner pair, in half picture widths. */
  readonly maxWarp: number;
  /** Degrees. */
  readonly maxRotate: number;
  /** 1 is no zoom. */
  readonly maxZoom: number;
  /** Brightness between 0.5 ∓ half of this, contrast between 1 − this and its inverse. */
  readonly maxLighting: number;
  /** Probability of each of warp, rotation and zoom. */
  readonly pAffine: number;
  /** Probability of each of brightness and contrast. */
  readonly pLighting: number;
  /** Beyond fastai, against what tells hospitals apart: gamma between e^−this and e^this. */
  readonly maxGamma: number;
  /** Probability that edges and corners, where markers and burned-in text are, are covered. */
  readonly pCover: number;
  /** Probability that the grey values are drawn towards an even histogram, by a share uniform in 0 … 1; 0 if not given. */
  readonly pEqualise?: number | undefined;
  /** Of frontal chest radiographs only, against what is read off anything but the lungs; nothing if not given. */
  readonly lungs?: LungSettings | undefined;
}

/** Probabilities; of the first three at most one happens, so that their sum is 1 at most. */
export interface LungSettings {
  /** Everything but the lung fields is taken from another training picture, laid over this one lung on lung. */
  readonly pExchange: number;
  /** Everything but the lung fields is one grey. */
  readonly pAlone: number;
  /** The lung fields are one grey. Such an image shows no finding: the target of each is even odds. */
  readonly pCovered: number;
  /** The picture is cropped to the lung fields, with margins of up to a sixth of the picture. */
  readonly pCrop: number;
}

export const fastaiTransforms: AugmentationSettings = {
  flip: 0,
  maxWarp: 0.2,
  maxRotate: 10,
  maxZoom: 1.1,
  maxLighting: 0.2,
  pAffine: 0.75,
  pLighting: 0.75,
  maxGamma: 0,
  pCover: 0,
};

/** fastai's, and against what tells hospitals apart besides: grey scales, borders, markers. */
export const robustTransforms: AugmentationSettings = {
  ...fastaiTransforms,
  maxWarp: 0.15,
  maxZoom: 1.25,
  maxLighting: 0.3,
  maxGamma: 0.5,
  pCover: 0.5,
};

/** What the starter's X-rays learn with besides; why, and what else was tried: its card. */
export const lungTransforms: LungSettings = { pExchange: 0.25, pAlone: 0.15, pCovered: 0.1, pCrop: 0 };

/** As validation sees it. */
export const noTransforms: AugmentationSettings = {
  flip: 0,
  maxWarp: 0,
  maxRotate: 0,
  maxZoom: 1,
  maxLighting: 0,
  pAffine: 0,
  pLighting: 0,
  maxGamma: 0,
  pCover: 0,
};

/** What is done to one picture; what is left out is not done. */
export interface Augmentation {
  /** Corner shifts of fastai's symmetric_warp, in half picture sizes. */
  readonly warp?: readonly [number, number, number, number];
  /** Degrees. */
  readonly rotate?: number;
  readonly zoom?: { readonly scale: number; readonly row: number; readonly column: number };
  /** 0 to 1; 0.5 changes nothing. */
  readonly brightness?: number;
  /** Factor; 1 changes nothing. */
  readonly contrast?: number;
  readonly flip?: boolean;
  /** Exponent of the grey values; 1 changes nothing. */
  readonly gamma?: number;
  /** Rectangles of one grey, in parts of the picture. */
  readonly cover?: { readonly grey: number; readonly boxes: readonly CoverBox[] };
  /** 0 to 1: how far grey values go towards an even histogram. */
  readonly equalise?: number;
  /** What happens to the lung fields, or to all but them; nothing to a picture that has none. */
  readonly lungs?: LungAugmentation;
  /** Margins around the lung fields, in parts of the picture, that are kept. */
  readonly lungCrop?: CoverBox;
}

export interface LungAugmentation {
  readonly what: 'exchanged' | 'alone' | 'covered';
  /** 0 to 1; the mean of what stays visible if not given. */
  readonly grey?: number;
}

export interface CoverBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Draws as fastai's RandTransform does: each transform happens with its probability, its values are uniform (those of contrast
 * uniform in the logarithm). What one setting draws does not change what those above it draw.
 */
export function drawAugmentation(settings: AugmentationSettings, draws: Draws): Augmentation {
  const { flip, maxWarp, maxRotate, maxZoom, maxLighting, pAffine, pLighting, maxGamma, pCover } = settings;
  const flipped = draws.next() < flip;
  const warp = [0, 1, 2, 3].map(() => draws.uniform(-maxWarp, maxWarp)) as [number, number, number, number];
  const warps = draws.next() < pAffine && maxWarp > 0;
  const rotate = draws.uniform(-maxRotate, maxRotate);
  const rotates = draws.next() < pAffine && maxRotate > 0;
  const zoom = { scale: draws.uniform(1, maxZoom), row: draws.next(), column: draws.next() };
  const zooms = draws.next() < pAffine && maxZoom > 1;
  const brightness = draws.uniform(0.5 * (1 - maxLighting), 0.5 * (1 + maxLighting));
  const brightens = draws.next() < pLighting && maxLighting > 0;
  const contrast = Math.exp(draws.uniform(Math.log(1 - maxLighting), -Math.log(1 - maxLighting)));
  const contrasts = draws.next() < pLighting && maxLighting > 0;
  const gamma = Math.exp(draws.uniform(-maxGamma, maxGamma));
  const cover = drawCover(draws);
  const covers = draws.next() < pCover;
  const equalise = draws.next();
  const equalises = draws.next() < (settings.pEqualise ?? 0);
  const lungs = settings.lungs && drawLungs(settings.lungs, draws);
  return {
    ...(flipped ? { flip: true } : {}),
    ...(warps ? { warp } : {}),
    ...(rotates ? { rotate } : {}),
    ...(zooms ? { zoom } : {}),
    ...(brightens ? { brightness } : {}),
    ...(contrasts ? { contrast } : {}),
    ...(maxGamma > 0 ? { gamma } : {}),
    ...(covers ? { cover } : {}),
    ...(equalises ? { equalise } : {}),
    ...lungs,
  };
}

/** Half of the greys are the mean of what stays visible, as the shortcut audit has it. */
function drawLungs({ pExchange, pAlone, pCovered, pCrop }: LungSettings, draws: Draws): Pick<Augmentation, 'lungs' | 'lungCrop'> {
  const which = draws.next();
  const what =
    which < pExchange ? 'exchanged' : which < pExchange + pAlone ? 'alone' : which < pExchange + pAlone + pCovered ? 'covered' : undefined;
  const [plain, grey] = [draws.next() < 0.5, draws.next()];
  const [left, top, right, bottom] = [0, 1, 2, 3].map(() => draws.uniform(0, 1 / 6)) as [number, number, number, number];
  const crops = draws.next() < pCrop;
  return {
    ...(what ? { lungs: { what, ...(plain || what === 'exchanged' ? {} : { grey }) } } : {}),
    ...(crops ? { lungCrop: { left, top, right, bottom } } : {}),
  };
}

/** Up to a tenth of each edge, and up to a quarter by a quarter of each corner; black as a rule, as collimators leave it. */
function drawCover(draws: Draws): NonNullable<Augmentation['cover']> {
  const [top, bottom, left, right] = [0, 1, 2, 3].map(() => (draws.next() < 0.4 ? draws.uniform(0, 0.1) : 0)) as [
    number,
    number,
    number,
    number,
  ];
  const corners = [0, 1, 2, 3].map((corner) => {
    const [width, height] = [draws.uniform(0.05, 0.25), draws.uniform(0.05, 0.25)];
    const chosen = draws.next() < 0.3;
    const box = {
      left: corner % 2 ? 1 - width : 0,
      right: corner % 2 ? 1 : width,
      top: corner < 2 ? 0 : 1 - height,
      bottom: corner < 2 ? height : 1,
    };
    return { chosen, box };
  });
  const grey = draws.next();
  return {
    grey: grey < 0.5 ? 0 : grey < 0.65 ? 1 : draws.next(),
    boxes: [
      { left: 0, right: 1, top: 0, bottom: top },
      { left: 0, right: 1, top: 1 - bottom, bottom: 1 },
      { left: 0, right: left, top: 0, bottom: 1 },
      { left: 1 - right, right: 1, top: 0, bottom: 1 },
      ...corners.filter(({ chosen }) => chosen).map(({ box }) => box),
    ],
  };
}
