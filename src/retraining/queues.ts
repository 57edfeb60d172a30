import { defineQueue, type Queue } from '../jobs/queue.js';
import { defaultLine } from '../lib/model-line.js';

/** A retraining run of the default model line; one key for all. `by` is who requested it. */
export const retrainQueue = defineQueue<{ readonly by: string }>('retraining', { formerNames: ['retrain-model'] });

/** Each line has a queue of its own, so that its state can be shown. */
export function retrainQueueOf(line: string): Queue<{ readonly by: string }> {
  return line === defaultLine ? retrainQueue : defineQueue(`${retrainQueue.name}-${line}`);
}

/** A challenger predicts a reported study in shadow; key: study and challenger. */
export const shadowQueue = defineQueue<{
  readonly studyInstanceUID: string;
  readonly challenger: string;
  /** Of the challenger; absent: the default line. */
  readonly line?: string;
  /** Version that reported the study; absent in jobs of releases that had one line. */
  readonly champion?: string;
  /** Of a silent trial, in which every registered version may predict, also for a study without a result. */
  readonly isTrial?: boolean;
  readonly callingAeTitle?: string;
  readonly calledAeTitle?: string;
}>('shadow-prediction', { formerNames: ['shadow-study'] });
