import './image.css';
import { Alert, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { StudyPage } from '../../server/page-types.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { useTexts } from '../texts/texts.js';
import { ImageViewer } from './image-viewer.js';
import { StillPictures } from './still-pictures.js';
import { useStudyImages } from './use-study-images.js';
import { ViewerBoundary } from './viewer-boundary.js';

/** The images of a study, as a viewer; as still pictures where the viewer cannot start or has failed. */
export function StudyImages({ page }: { readonly page: StudyPage }): ReactNode {
  const { t } = useTexts();
  const [isUnavailable, setUnavailable] = useState(false);
  const hasImages = page.pacs === 'answers' && page.images.length > 0;
  const images = useStudyImages(page.studyInstanceUID, hasImages);
  const onUnavailable = (reason: unknown): void => {
    console.warn('the image viewer cannot go on', reason);
    setUnavailable(true);
  };
  if (page.pacs !== 'answers' || (page.images.length === 0 && page.heatMaps.length === 0))
    return <Text className="quiet">{t('study.noImage')}</Text>;
  if (!hasImages) return <StillPictures page={page} />;
  const stillPictures = (
    <>
      <Alert color="orange" mb="sm" role="status">
        {t('image.stillOnly')}
      </Alert>
      <StillPictures page={page} />
    </>
  );
  if (isUnavailable) return stillPictures;
  return (
    <ViewerBoundary instead={stillPictures} onFailure={onUnavailable}>
      <QueryBoundary query={images}>
        {({ stacks, isComplete }) =>
          stacks.length === 0 ? (
            <Text className="quiet">{t('study.noImage')}</Text>
          ) : (
            <>
              {!isComplete && (
                <Text size="sm" className="quiet" mb="xs">
                  {t('image.tooMany')}
                </Text>
              )}
              <ImageViewer page={page} stacks={stacks} onUnavailable={onUnavailable} />
            </>
          )
        }
      </QueryBoundary>
    </ViewerBoundary>
  );
}
