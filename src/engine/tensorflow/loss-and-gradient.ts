import * as tf from '@tensorflow/tfjs-core';
import { lossTerms } from '../loss-terms.js';
import type { Objective, TrainingBatch } from '../trainer.js';

export interface LossAndGradient {
  /** Weighted mean over the batch. */
  readonly loss: tf.Scalar;
  /** ∂loss/∂logits, [batch, outputs]. */
  readonly gradient: tf.Tensor2D;
}

/** The weighted mean loss of a batch and its gradient at the logits, in the form that LossTerms describes. @param logits [batch, outputs] */
export function lossAndGradient(objective: Objective, logits: tf.Tensor2D, batch: TrainingBatch): LossAndGradient {
  const terms = lossTerms(objective, batch, logits.shape[1]);
  return tf.tidy(() => {
    const positive = tf.tensor2d(terms.positive, logits.shape);
    if (objective.kind === 'one-of-many') {
      const loss = tf.neg(tf.sum(tf.mul(positive, tf.logSoftmax(logits)))) as tf.Scalar;
      return { loss, gradient: tf.sub<tf.Tensor2D>(tf.mul(tf.softmax(logits), tf.sum(positive, 1, true)), positive) };
    }
    const negative = tf.tensor2d(terms.negative, logits.shape);
    const loss = tf.sum(tf.add(tf.mul(positive, tf.softplus(tf.neg(logits))), tf.mul(negative, tf.softplus(logits)))) as tf.Scalar;
    return { loss, gradient: tf.sub<tf.Tensor2D>(tf.mul(tf.add(positive, negative), tf.sigmoid(logits)), positive) };
  });
}
