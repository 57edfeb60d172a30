/**
 * Unit tests that `npm run check` leaves out, and `.ci/run` on a second Node, by the beginnings of their names: each of these files takes
 * longer than two seconds.
 */
export const slowTests: readonly { readonly files: readonly string[]; readonly reason: string }[] = [
  { files: ['engine-'], reason: 'start engines in processes of their own and train with each' },
  { files: ['adopt-'], reason: 'read and run models of others in confined processes' },
  { files: ['network-detection', 'network-published', 'training-fit', 'training-checkpoint'], reason: 'compute or train whole networks' },
  {
    files: ['demo-documents', 'how-to-document-profile', 'serving', 'several-models', 'sample', 'check-drift'],
    reason: 'analyse studies with a model',
  },
  {
    files: ['evaluation-promotion', 'evaluation-walk-down', 'evaluation-gate-bounds', 'web-gate-sentences'],
    reason: 'simulate many decisions of the gate',
  },
  {
    files: ['pixels-headers', 'pixels-pool', 'pixels-frontal-check', 'pixels-real', 'pixels-ct', 'display-frame'],
    reason: 'decode many images',
  },
  {
    files: [
      'message-story',
      'fhir-',
      'hl7-',
      'email-',
      'webhook-',
      'how-to-outbound-channel',
      'login-return',
      'follow-changes',
      'label-overview',
      'backfill',
    ],
    reason: 'talk to servers of other systems or open a database',
  },
  { files: ['registry-', 'triage-simulation'], reason: 'write many model versions, or simulate departments' },
  { files: ['upload', 'dataset-import', 'dataset-guard'], reason: 'write and read many or large files' },
  {
    files: ['bootstrap', 'compose', 'deployment', 'orthanc-', 'review-secrets', 'docs-facts', 'helm-chart', 'alert-rules'],
    reason: 'start programs',
  },
];

/** As parameters of `npm test`. */
export function withoutSlowTests(): readonly string[] {
  return slowTests.flatMap(({ files }) => files.map((file) => `-unit/${file}`));
}
