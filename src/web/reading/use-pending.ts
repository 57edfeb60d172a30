import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useCurrentUser } from '../use-current-user.js';
import { PendingAssessments, type PendingState } from './pending-assessments.js';

const stored = new Set<(study: string) => void>();

/** The assessments of this page that are not stored yet. */
export const pending = new PendingAssessments((study) => {
  for (const listener of stored) listener(study);
});

export function usePending(): PendingState {
  return useSyncExternalStore(pending.subscribe, pending.current);
}

/** Once in the page: what is stored is loaded again, and what an earlier page could not store is sent. */
export function usePendingAssessments(): void {
  const client = useQueryClient();
  const user = useCurrentUser();
  useEffect(() => {
    const reload = (study: string): void => {
      for (const queryKey of [['assessments', study], ['study', study], ['worklist'], ['counts']])
        void client.invalidateQueries({ queryKey });
    };
    stored.add(reload);
    return () => void stored.delete(reload);
  }, [client]);
  useEffect(() => {
    if (user) pending.start(user.name);
  }, [user]);
}
