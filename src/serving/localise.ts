import type { InputBatch, Prediction, Predictor } from '../engine/engine.js';
import { occlusionMaps, occlusionWindows } from '../engine/foreign/occlusion.js';
import { assessImage, assessStudy } from '../evaluation/decide-findings.js';
import type { ServedNetwork } from '../registry/model-version.js';
import type { ImageKind } from './model.js';

/**
 * The prediction with occlusion maps, for a network that has no maps of its own and whose model.json asks for them. Only images that a
 * box is drawn on are covered in turn: X-rays with a finding that is present, and of a CT the first slice of such a finding. The maps of
 * all others are 0.
 *
 * @param inputOf the network's input for one image
 */
export async function localise(
  kind: ImageKind,
  prediction: Prediction,
  served: ServedNetwork,
  predictor: Predictor,
  inputOf: (image: number) => InputBatch,
): Promise<Prediction> {
  if (!served.occlusionMaps || prediction.mapWidth > 0) return prediction;
  const size = prediction.outputs * occlusionWindows ** 2;
  const activationMaps = new Float32Array(prediction.batch * size);
  for (const image of kind === 'xray' ? xraysWithFindings(prediction, served) : slicesWithFindings(prediction, served)) {
    const logits = prediction.logits.subarray(image * prediction.outputs, (image + 1) * prediction.outputs);
    const maps = await occlusionMaps(predictor, inputOf(image), { logits, outputs: prediction.outputs });
    activationMaps.set(maps.activationMaps, image * size);
  }
  return { ...prediction, activationMaps, mapHeight: occlusionWindows, mapWidth: occlusionWindows };
}

function xraysWithFindings(prediction: Prediction, served: ServedNetwork): readonly number[] {
  const images = Array.from({ length: prediction.batch }, (_, image) => image);
  return images.filter((image) => {
    const { gate, findings } = assessImage(prediction, image, served);
    return gate.accepted && findings.some(({ decision }) => decision === 'present');
  });
}

function slicesWithFindings(prediction: Prediction, served: ServedNetwork): readonly number[] {
  const { accepted, findings } = assessStudy(prediction, served);
  if (!accepted) return [];
  return [...new Set(findings.filter(({ decision }) => decision === 'present').map(({ slices }) => slices[0]!))];
}
