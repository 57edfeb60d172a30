import { sampleStudies, type SampleStudy } from '../../src/samples/sample-studies.js';

/** Sample studies of `demo`, small. */
export function smallSamples(): Readonly<Record<'opacity' | 'hand' | 'lateral' | 'ct', SampleStudy>> {
  const all = sampleStudies('commands', { scale: 0.4, ctSlices: 32 });
  const titled = (text: string): SampleStudy => all.find((one) => one.title.includes(text))!;
  return { opacity: titled('opacity'), lateral: titled('lateral'), hand: titled('hand'), ct: titled('CT') };
}
