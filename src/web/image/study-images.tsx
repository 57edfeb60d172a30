import './image.css';
import { Alert, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ImagesOfStudy, StudyPage } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { useTexts } from '../texts/texts.js';
import { ImageViewer } from './image-viewer.js';
import { StillPictures } from './still-pictures.js';

/** The images of a study, as a viewer; as still pictures where the viewer cannot start. */
export function StudyImages({ page }: { readonly page: StudyPage }): ReactNode {
  const { t } = useTexts();
  const [isUnavailable, setUnavailable] = useState(false);
  const images = useImages(page.studyInstanceUID, page.pacs === 'answers');
  const prior = useImages(page.prior?.studyInstanceUID, page.prior !== undefined);
  if (page.pacs !== 'answers' || (page.images.length === 0 && page.heatMaps.length === 0))
    return <Text className="quiet">{t('study.noImage')}</Text>;
  if (isUnavailable || page.images.length === 0)
    return (
      <>
        {isUnavailable && (
          <Alert color="orange" mb="sm" role="status">
            {t('image.stillOnly')}
          </Alert>
        )}
        <StillPictures page={page} />
      </>
    );
  return (
    <QueryBoundary query={images}>
      {({ stacks, isComplete }) => (
        <>
          {!isComplete && (
            <Text size="sm" className="quiet" mb="xs">
              {t('image.tooMany')}
            </Text>
          )}
          <ImageViewer
            page={page}
            stacks={stacks}
            prior={prior.data?.stacks}
            onUnavailable={(reason) => {
              console.warn('the image viewer cannot start', reason);
              setUnavailable(true);
            }}
          />
        </>
      )}
    </QueryBoundary>
  );
}

/** Loaded once: what is in the PACS under a study does not change while a reader looks at it. */
function useImages(study: string | undefined, isWanted: boolean) {
  return useQuery({
    queryKey: ['images', study],
    queryFn: () => get<ImagesOfStudy>(studyApi(study ?? '', 'images')),
    enabled: isWanted && study !== undefined,
    staleTime: Infinity,
  });
}
