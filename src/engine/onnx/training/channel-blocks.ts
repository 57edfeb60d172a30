import type { Graph } from '../graph.js';

/** Domain of onnxruntime's operators on channel blocks; its own optimiser emits them, for constant weights only. */
export const blockDomain = 'com.microsoft.nchwc';

/**
 * How the values of a graph lie in memory: plain, [N, C, H, W], or in channel blocks, [N, C / block, H, W, block] ("NCHWc"), which
 * onnxruntime's processor kernels convolve about twice as fast. Both are declared with the shape [N, C, H, W]. Operators that
 * work value by value, or on whole ranges of channels that are multiples of the block, do not care, as long as all their inputs
 * lie alike.
 */
export interface Layouts {
  /** Channels in a block; undefined where everything stays plain. */
  readonly block: number | undefined;
  /** Whether this number of channels fills whole blocks. */
  fits(channels: number): boolean;
  isBlocked(value: string): boolean;
  /** Records that a value lies in blocks. @returns the value */
  mark(value: string, channels: number): string;
  /** The value in blocks, turned round once if it is not. Its channels must fit. */
  blocked(value: string, channels: number): string;
  plain(value: string): string;
  /** The value as the other one lies. */
  like(value: string, other: string): string;
  /** The operator's result, which lies as the first of its inputs does. */
  eachValue(operator: string, values: readonly string[]): string;
}

export function layoutsOf(onnx: Graph, block: number | undefined): Layouts {
  const channelsOf = new Map<string, number>();
  const turned = new Map<string, string>();
  /** Turns a value round unless its other form is known already. */
  const once = (value: string, make: () => string): string => {
    const known = turned.get(value);
    if (known !== undefined) return known;
    const made = make();
    turned.set(value, made).set(made, value);
    return made;
  };
  const layouts: Layouts = {
    block,
    fits: (channels) => block !== undefined && channels % block === 0,
    isBlocked: (value) => channelsOf.has(value),
    mark: (value, channels) => {
      channelsOf.set(value, channels);
      return value;
    },
    blocked: (value, channels) => {
      if (channelsOf.has(value)) return value;
      return once(value, () => layouts.mark(onnx.node('ReorderInput', [value], { domain: blockDomain }), channels));
    },
    plain: (value) => {
      const channels = channelsOf.get(value);
      if (channels === undefined) return value;
      return once(value, () => onnx.node('ReorderOutput', [value], { domain: blockDomain, attributes: { channels } }));
    },
    like: (value, other) => {
      const channels = channelsOf.get(other);
      return channels === undefined ? layouts.plain(value) : layouts.blocked(value, channels);
    },
    eachValue: (operator, values) => {
      const [first] = values as readonly [string, ...string[]];
      const made = onnx.node(
        operator,
        values.map((value) => layouts.like(value, first)),
      );
      const channels = channelsOf.get(first);
      return channels === undefined ? made : layouts.mark(made, channels);
    },
  };
  return layouts;
}
