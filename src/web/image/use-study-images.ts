import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { ImagesOfStudy } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { get } from '../api.js';

/** Loaded once: what is in the PACS under a study does not change while a reader looks at it. The request is recorded as a view. */
export function useStudyImages(study: string, isWanted = true): UseQueryResult<ImagesOfStudy> {
  return useQuery({
    queryKey: ['images', study],
    queryFn: () => get<ImagesOfStudy>(studyApi(study, 'images')),
    enabled: isWanted,
    staleTime: Infinity,
  });
}
