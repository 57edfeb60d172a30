import { notDefined, type Estimate } from './estimate.js';
import { wilsonEstimate } from './wilson.js';

/**
 * A share of images with Wilson's interval for the number of independent images that they are worth: images of one patient resemble
 * each other, so the number is divided by the design effect, the variance of the share with patients as clusters over that of
 * independent images (Kish 1965; Korn & Graubard 1998 for the interval). With one image a patient it is Wilson's interval. At 0 and 1
 * the variance is 0 and tells nothing: there the patients are counted.
 *
 * Unlike the bootstrap it does not end at the share itself where hardly any image is a hit, which is where the gate looks.
 *
 * @param patients of each image
 * @param hits of each image
 */
export function patientShare(patients: readonly string[], hits: readonly boolean[], confidence = 0.95): Estimate {
  const n = hits.length;
  if (n === 0) return notDefined('no image');
  const p = hits.filter(Boolean).length / n;
  const residuals = new Map<string, number>();
  patients.forEach((patient, image) => residuals.set(patient, (residuals.get(patient) ?? 0) + Number(hits[image]) - p));
  const clusters = residuals.size;
  if (p === 0 || p === 1 || clusters < 2) return { ...wilsonEstimate(p * clusters, clusters, confidence), value: p };
  const squares = [...residuals.values()].reduce((sum, one) => sum + one * one, 0);
  const variance = (squares / (n * n)) * (clusters / (clusters - 1));
  const effect = Math.max(1, variance / ((p * (1 - p)) / (n - 1)));
  return { ...wilsonEstimate((p * n) / effect, n / effect, confidence), value: p };
}
