import { defineQueue } from '../jobs/queue.js';

/** A retraining run; one key for all. `by` is who requested it. */
export const retrainQueue = defineQueue<{ readonly by: string }>('retraining', { formerNames: ['retrain-model'] });

/** A challenger predicts a reported study in shadow; key: study and challenger. */
export const shadowQueue = defineQueue<{
  readonly studyInstanceUID: string;
  readonly challenger: string;
  readonly callingAeTitle?: string;
  readonly calledAeTitle?: string;
}>('shadow-prediction', { formerNames: ['shadow-study'] });
