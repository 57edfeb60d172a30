import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { belowBase } from './base-path.js';

/** Queries that the event `changed` makes stale. */
const liveKeys = ['worklist', 'counts', 'operations', 'backfills', 'study', 'health', 'retraining', 'readiness', 'assessments'];

/**
 * Listens to the server's events and reloads the displayed data when something has changed.
 *
 * @returns whether the server is connected
 */
export function useLive(enabled: boolean): boolean {
  const client = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    if (!enabled) return;
    const events = new EventSource(belowBase('/api/events'));
    let first = true;
    events.addEventListener('changed', () => {
      setConnected(true);
      if (!first) for (const key of liveKeys) void client.invalidateQueries({ queryKey: [key] });
      first = false;
    });
    events.onopen = () => setConnected(true);
    events.onerror = () => {
      setConnected(false);
      // What was missed meanwhile is loaded when it is connected again.
      first = false;
    };
    return () => events.close();
  }, [client, enabled]);
  return connected;
}
