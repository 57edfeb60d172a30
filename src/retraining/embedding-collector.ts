import type { Engine, Prediction, Predictor } from '../engine/engine.js';
import { Fault } from '../errors.js';
import { featuresOfNetwork } from '../network/loadable-network.js';
import type { GreyImage } from '../pixels/image.js';
import { networkInput } from '../pixels/network-input.js';
import { checkFrontal } from '../pixels/xray/frontal-check.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import type { ImageKind, ServedModel } from '../serving/model.js';

/** Images per prediction. */
const batchSize = 8;

/** A model in the place of a served one that collects embeddings and finds nothing, so that reading and choosing images is that of reports. */
export interface EmbeddingCollector {
  readonly model: ServedModel;
  /** Of the images that the model saw and that passed the frontal check; empties the list. */
  take(): readonly Float32Array[];
  /** X-rays that failed the frontal check, so far. */
  readonly notFrontal: number;
  release(): Promise<void>;
}

/** @throws Fault 'model-invalid' if the version has no such network, or if it gives no embedding */
export async function collectEmbeddings(version: ModelVersion, kind: ImageKind, engine: Engine): Promise<EmbeddingCollector> {
  const served = version.networks[kind];
  if (!served) throw new Fault('model-invalid', `expected a network for ${kind} in version ${version.version}, found none`);
  if (featuresOfNetwork(served.network) === 0)
    throw new Fault(
      'model-invalid',
      `expected a network with an embedding, which a feature guard needs, found none in version ${version.version}: adopt the model again and name the tensor of its pooled features, or use it with the frontal check alone`,
    );
  const predictor = await engine.load(served.network);
  let collected: Float32Array[] = [];
  let notFrontal = 0;
  const see = async (images: readonly GreyImage[]): Promise<void> => {
    for (let start = 0; start < images.length; start += batchSize) {
      const { embedding, features } = await predictBatch(predictor, served, images.slice(start, start + batchSize));
      for (let offset = 0; offset < embedding.length; offset += features) collected.push(embedding.slice(offset, offset + features));
    }
  };
  const { name, manufacturer, deviceUID } = version;
  return {
    model: {
      name,
      manufacturer,
      version: version.version,
      deviceUID,
      get engine() {
        return engine.description;
      },
      slicesPerStudy: version.networks.ct?.study?.slices ?? 1,
      neighbouringSlices: version.networks.ct?.input.slices,
      supports: (asked) => asked === kind,
      async predictXrays(images) {
        const frontal = images.filter((image) => checkFrontal(image).refusal === undefined);
        notFrontal += images.length - frontal.length;
        await see(frontal);
        return images.map(() => ({ findings: [] }));
      },
      async predictSlices(images) {
        await see(images);
        return { findings: [], rule: 'none' };
      },
    },
    take() {
      const taken = collected;
      collected = [];
      return taken;
    },
    get notFrontal() {
      return notFrontal;
    },
    release: () => predictor.release(),
  };
}

/** The images as inputs of the network, in one batch. */
function predictBatch(predictor: Predictor, { input }: ServedNetwork, images: readonly GreyImage[]): Promise<Prediction> {
  const { channels, height, width } = input;
  const size = channels * height * width;
  const data = new Float32Array(images.length * size);
  images.forEach((image, index) => data.set(networkInput(image, input), index * size));
  return predictor.predict({ data, batch: images.length, channels, height, width });
}
