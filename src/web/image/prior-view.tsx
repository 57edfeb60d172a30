import type { ReactNode } from 'react';
import type { ImageStack, ShownPrior } from '../../server/page-types.js';
import { dicomDate } from '../parts/time.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import type { DragMode } from './gestures.js';
import { ImageView } from './image-view.js';
import { matchingPlace, stackName } from './stacks.js';
import type { ImageStage } from './stage.js';
import { useStudyImages } from './use-study-images.js';

/** The image of the prior study beside an image; its images are requested when it is shown, not before. */
export function PriorView({
  prior,
  beside,
  index,
  onIndex,
  mode,
  onStage,
  onUnavailable,
}: {
  readonly prior: ShownPrior;
  /** The stack of the study itself, and the frame in it. */
  readonly beside: ImageStack;
  readonly index: number;
  /** Of the study itself. */
  readonly onIndex: (index: number) => void;
  readonly mode: DragMode;
  readonly onStage: (stage: ImageStage | undefined) => void;
  readonly onUnavailable: (reason: unknown) => void;
}): ReactNode {
  const { t, language } = useTexts();
  const images = useStudyImages(prior.studyInstanceUID);
  const label = t('image.priorOf', { date: dicomDate(prior.studyDate, language) });
  const place = images.data && matchingPlace(beside, index, images.data.stacks);
  const stack = place && images.data?.stacks[place.stack];
  if (!stack)
    return (
      <section className="stage" aria-label={label}>
        <div className="corner top">{label}</div>
        <div className="message" role={images.error ? 'alert' : 'status'}>
          {images.error ? sentenceOf(images.error, t) : t(images.data ? 'study.noImage' : 'image.loading')}
        </div>
      </section>
    );
  return (
    <ImageView
      study={prior.studyInstanceUID}
      stack={stack}
      index={place.index}
      onIndex={(next) => onIndex(Math.round((next / Math.max(1, stack.frames.length - 1)) * (beside.frames.length - 1)))}
      name={stackName(stack)}
      label={label}
      mode={mode}
      onStage={onStage}
      onUnavailable={onUnavailable}
    />
  );
}
