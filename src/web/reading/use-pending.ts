import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useCurrentUser } from '../use-current-user.js';
import { PendingAssessments, type PendingState } from './pending-assessments.js';

const stored = new Set<(study: string) => Promise<unknown>>();

/** The assessments of this page that are not stored yet. */
export const pending = new PendingAssessments({
  onStored: (study) => Promise.all([...stored].map((listener) => listener(study))),
}).watchPage();

export function usePending(): PendingState {
  return useSyncExternalStore(pending.subscribe, pending.current);
}

/** Once in the page: what is stored is loaded again, and what an earlier page could not store is sent. */
export function usePendingAssessments(): void {
  const client = useQueryClient();
  const user = useCurrentUser();
  useEffect(() => {
    const reload = (study: string): Promise<unknown> => {
      for (const queryKey of [['study', study], ['worklist'], ['counts']]) void client.invalidateQueries({ queryKey });
      // Also where the reader has moved on: without the decision, the study would look as if nothing had been decided when it is opened again.
      return client.invalidateQueries({ queryKey: ['assessments', study], refetchType: 'all' });
    };
    stored.add(reload);
    return () => void stored.delete(reload);
  }, [client]);
  useEffect(() => {
    if (user) pending.start(user.name);
  }, [user]);
}
