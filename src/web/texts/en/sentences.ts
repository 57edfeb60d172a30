/**
 * English texts: sentences that the service writes (limitations of model cards, the choice of the engine, problems of a routing rule), as
 * known-sentence.ts finds them. {name} stands for whatever is there.
 */
export const enSentences = {
  'sentence.card.unseen':
    '**At hospitals that it never saw it is much worse than its other figures say**: AUROC of `{name}` {low} on {source} (left out of training) against {high} on held-out patients of the training sources.',
  'sentence.card.unknown': 'It is unknown how well it finds `{name}` at a hospital whose images it was not trained on.',
  'sentence.card.only':
    'On X-rays it states {findings} only. `abnormal` means that the image differs from what the network learned as normal: it may order a worklist, it names no disease, and an image without it is not a normal image.',
  'sentence.card.gate':
    'The promotion gate rejects both networks (below). A new installation deploys them because there is no other model.',
  'sentence.card.published':
    'Trained on published 8-bit images, not on DICOM; of {images} X-rays many have labels from report text, which are often wrong.',
  'sentence.card.children':
    'Children: all are from one hospital, and about two thirds of them have pneumonia. Probabilities for children do not mean the same as for adults.',
  'sentence.card.projection':
    'AP or PA: all AP images of covid-chestxray are COVID-19, and patients with AP (portable) images are sicker everywhere. The network does not know the view, and it is not corrected for.',
  'sentence.card.devices': 'Devices (tubes, leads) are associated with COVID-19 and pneumonia.',
  'sentence.card.ct':
    'CT: `covid-19` comes from one source of about 200 patients and no second source was available: nothing is known about CT of other hospitals. Do not use it to decide about isolation or treatment.',
  'sentence.card.evaluate':
    'Evaluate the model on your own studies before you rely on any figure, and expect worse results than here. Show these limitations with every result, and keep the word "undetermined".',
  'sentence.card.adoptedUnknown':
    'How accurate the network is at this hospital is not known: evaluate it (`evaluate`, `models compare`) before it is promoted.',
  'sentence.card.guard': 'Its feature guard was fitted on images of this hospital.',
  'sentence.card.noGuard':
    'No feature guard was fitted: images unlike those that it was trained on are not refused, except by the check for a frontal chest. `models guard` fits one.',
  'sentence.card.publisher': 'Patients whose images its publisher trained it on are not known; a public test set may contain them.',
  'sentence.card.sameSources':
    'The figures below are of images of the same sources as the training images: expect lower figures at another hospital.',
  'sentence.card.notTested': 'It was not tested on patients and has no approval.',
  'sentence.engine.configured': 'Set by configuration ({name}).',
  'sentence.engine.fastest': 'Fastest of those that started: {engines}.',
  'sentence.engine.only': 'The only one that started and computes correctly: {engines}.',
  'sentence.engine.format': 'The format {name} needs it.',
  'sentence.engine.replaced': 'In place of {engine}, which was lost ({reason}).',
  'sentence.engine.batch': '{name} takes {ms} ms for a test batch of {n}',
  'sentence.engine.takes': '{name} takes {ms} ms',
  'sentence.engine.noGpu': '{name} did not start (this machine shows no GPU)',
  'sentence.engine.failed': '{name} did not start ({reason})',
  'sentence.engine.differs': '{name} started but computes something else than {reference}',
  'sentence.rule.noValue': 'expected at least one value',
  'sentence.rule.noCondition': 'expected at least one condition',
  'sentence.rule.pattern':
    'expected a text (with * as wildcard), a /regular expression/ of RE2 (without backreferences and look-around) or missing, of at most 500 characters',
  'sentence.rule.texts': 'expected a text or a list of texts',
  'sentence.rule.destination': 'expected {kinds} as configured in Orthanc',
  'sentence.rule.action': 'expected analyse or ignore',
  'sentence.rule.sameName': 'expected a different name for each rule',
  'sentence.rule.finding': 'expected a finding of config/findings.json, found "{found}"',
  'sentence.rule.empty': 'Too small: expected string to have >={n} characters',
  'sentence.rule.tooBig': 'Too big: expected number to be <={n}',
  'sentence.rule.tooSmall': 'Too small: expected number to be >={n}',
  'sentence.rule.whole': 'Invalid input: expected int, received number',
  'sentence.rule.number': 'Invalid input: expected number, received NaN',
  'sentence.rule.text': 'Invalid input: expected string, received undefined',
  'sentence.rule.noRules': 'Too small: expected array to have >={n} items',
  'sentence.rule.unknownKey': 'Unrecognized key: "{found}"',
} as const;
