import { networkInputName, type Architecture } from '../../../network/architecture.js';
import type { Graph } from '../graph.js';

/**
 * The ONNX values of layers' outputs: [N, C, H, W], or with the channels last, [N, H, W, C], where a layer made them so and
 * those that read them can take them so. Turned where it is needed, once.
 */
export interface PlacedValues {
  /** @param last whether its channels are last */
  put(layer: string, value: string, last?: boolean): void;
  asItIs(layer: string): { readonly value: string; readonly last: boolean };
  plain(layer: string): string;
  channelsLast(layer: string): string;
  /** Whether a layer yields [N, C]. */
  isPooled(layer: string): boolean;
}

export function placedValues(onnx: Graph, { layers, featureMap }: Architecture): PlacedValues {
  const plain = new Map<string, string>([[networkInputName, networkInputName]]);
  const last = new Map<string, string>();
  const pooled = new Set(layers.slice(layers.findIndex(({ name }) => name === featureMap) + 1).map(({ name }) => name));
  const turned = (from: Map<string, string>, to: Map<string, string>, layer: string, perm: readonly number[]): string => {
    const known = to.get(layer);
    if (known !== undefined) return known;
    const made = onnx.node('Transpose', [from.get(layer)!], { attributes: { perm } });
    to.set(layer, made);
    return made;
  };
  return {
    put: (layer, value, isLast = false) => (isLast ? last : plain).set(layer, value),
    asItIs: (layer) => {
      const value = plain.get(layer);
      return value === undefined ? { value: last.get(layer)!, last: true } : { value, last: false };
    },
    plain: (layer) => turned(last, plain, layer, [0, 3, 1, 2]),
    channelsLast: (layer) => turned(plain, last, layer, [0, 2, 3, 1]),
    isPooled: (layer) => pooled.has(layer),
  };
}
