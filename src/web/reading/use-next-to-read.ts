import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useLocation } from 'wouter';
import { studyApi, studyView } from '../addresses.js';
import { post } from '../api.js';
import { useTexts } from '../texts/texts.js';
import { pending } from './use-pending.js';
import { nextToRead, worklistPage } from './worklist-query.js';

/** The way from a study that is read to the next one. */
export interface NextToRead {
  /** Also between the key and the next drawing of the page. */
  isUnderWay(): boolean;
  /** Leaves the study, which counts as read; stays and sets `error` if the server does not reply. */
  go(): void;
  readonly error: Error | null;
}

export function useNextToRead(study: string): NextToRead {
  const { language } = useTexts();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const isUnderWay = useRef(false);
  const leave = useMutation({
    mutationFn: async () => {
      const decided = pending.studies();
      // An assessment marks the study as read. Without one, because everything is decided or nothing was found, the reader's word does.
      if (!decided.has(study)) {
        await post(studyApi(study, 'reading', 'read'));
        for (const queryKey of [['study', study], ['worklist'], ['counts']]) void client.invalidateQueries({ queryKey });
      }
      return nextToRead(study, decided, (query, after) => worklistPage(query, language, after));
    },
    onSettled: () => {
      isUnderWay.current = false;
    },
    networkMode: 'always',
  });
  return {
    isUnderWay: () => isUnderWay.current,
    go() {
      isUnderWay.current = true;
      const from = location.pathname;
      leave.mutate(undefined, {
        onSuccess: (next) => {
          // The reader may have gone elsewhere meanwhile.
          if (location.pathname === from) navigate(next === undefined ? '/worklist' : studyView(next));
        },
      });
    },
    error: leave.error,
  };
}
