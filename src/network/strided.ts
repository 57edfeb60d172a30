/** How a tensor's elements lie in its storage, as PyTorch counts: element (i, j, …) is at `i · strides[0] + j · strides[1] + …`. */
export interface StridedShape {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Whether the elements lie behind each other in the order of the axes. */
export function isContiguous({ shape, strides }: StridedShape): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}

/**
 * The number of elements of the storage that a tensor reaches over: one more than the place of its last element.
 *
 * @throws Error for strides that are no whole numbers from 0 on, of another number than the axes, or that put several elements in one place
 */
export function span({ shape, strides }: StridedShape): number {
  if (strides.length !== shape.length || !strides.every((stride) => Number.isSafeInteger(stride) && stride >= 0))
    throw new Error(`expected ${shape.length} strides of 0 or more, found [${strides.join(', ')}]`);
  if (shape.includes(0)) return 0;
  const reach = 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > reach) throw new Error(`expected a place for each of ${count} elements, found ${reach} places (an expanded tensor)`);
  return reach;
}

/** The elements in the order of the axes; as they are where they lie so already. @param data at least `span` elements */
export function contiguous(data: Float32Array, layout: StridedShape): Float32Array {
  if (isContiguous(layout)) return data;
  const { shape, strides } = layout;
  const result = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  for (let place = 0, at = 0; place < result.length; place++) {
    result[place] = data[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
