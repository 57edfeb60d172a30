import type { ServedNetwork } from '../registry/model-version.js';

type Limited = Pick<ServedNetwork, 'gate' | 'outputs'>;

/**
 * What the results of a network lack, for every report of it, one sentence each.
 *
 * @param model its name: a report may be that of several models
 */
export function limitationsOf(served: Limited | undefined, model: string): readonly string[] {
  if (!served) return [];
  const { gate, outputs } = served;
  const findings = outputs.filter((output) => output.kind === 'finding');
  const notCalibrated = findings.filter(({ calibratedHere }) => calibratedHere === false).length;
  return [
    ...(notCalibrated > 0
      ? [
          `The model ${model} is not calibrated here${notCalibrated < findings.length ? ` for ${notCalibrated} of its ${findings.length} findings: their` : ': its'} probabilities and thresholds are the publisher's and were not compared with labels of this hospital.`,
        ]
      : []),
    ...(gate ? [] : [`No feature guard was fitted for the model ${model}: it may not recognise an image that it was not made for.`]),
  ];
}
