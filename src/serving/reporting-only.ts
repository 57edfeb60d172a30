import type { FindingPrediction, ServedModel } from './model.js';

/** The model without the findings that its line does not report. */
export function reportingOnly<Model extends ServedModel>(isReported: (finding: string) => boolean, model: Model): Model {
  const only = <Finding extends FindingPrediction>(findings: readonly Finding[]): readonly Finding[] =>
    findings.filter(({ name }) => isReported(name));
  return withPredictions(model, {
    predictXrays: async (images) =>
      (await model.predictXrays(images)).map((prediction) => ({ ...prediction, findings: only(prediction.findings) })),
    async predictSlices(images) {
      const prediction = await model.predictSlices(images);
      return { ...prediction, findings: only(prediction.findings) };
    },
  });
}

/** The same model, predicting by other functions; its engine is asked for at each call, because it may be replaced. */
export function withPredictions<Model extends ServedModel>(
  model: Model,
  predictions: Pick<ServedModel, 'predictXrays' | 'predictSlices'>,
): Model {
  return Object.defineProperty({ ...model, ...predictions }, 'engine', { get: () => model.engine, enumerable: true });
}
