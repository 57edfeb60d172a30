/** Receives the gradients of a layer with respect to its parameters and its inputs. */
export interface GradientReceiver {
  tensor(part: 'weight' | 'bias' | 'layer_scale', gradient: string): void;
  input(name: string, gradient: string): void;
  /**
   * A part of the gradient that is `scale · x + shift` of the input x itself, both per channel, as a batch norm has it. Where
   * many batch norms read one value (DenseNet) these are added up as vectors and multiplied out once.
   */
  affine(name: string, scale: string, shift: string): void;
}
