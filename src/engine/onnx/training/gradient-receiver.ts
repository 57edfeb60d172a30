/** Receives the gradients of a layer with respect to its parameters and its inputs. */
export interface GradientReceiver {
  tensor(part: 'weight' | 'bias' | 'layer_scale', gradient: string): void;
  /**
   * The same, emitted after the whole backward pass, of the first layer first. onnxruntime computes what is emitted last first, and each
   * gradient only with what it needs: so that of the last layer comes at once, and what was kept for it is given up before the layer
   * before it. Emitted with the input's gradient it would come after those of all inputs, which would be kept till then.
   */
  tensorLater(part: 'weight' | 'bias', gradient: () => string): void;
  input(name: string, gradient: string): void;
  /**
   * A part of the gradient that is `scale · x + shift` of the input x itself, both per channel, as a batch norm has it. Where
   * many batch norms read one value (DenseNet) these are added up as vectors and multiplied out once.
   */
  affine(name: string, scale: string, shift: string): void;
}
