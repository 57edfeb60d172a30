import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** What the server's word "changed" makes stale. */
const liveKeys = ['worklist', 'counts', 'operations', 'study', 'health', 'night'];

/**
 * Listens to the server's events and asks again for what is shown when something has changed.
 *
 * @returns whether the connection stands
 */
export function useLive(): boolean {
  const client = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const events = new EventSource('/api/events');
    let first = true;
    events.addEventListener('changed', () => {
      setConnected(true);
      if (!first) for (const key of liveKeys) void client.invalidateQueries({ queryKey: [key] });
      first = false;
    });
    events.onopen = () => setConnected(true);
    events.onerror = () => {
      setConnected(false);
      // What was missed meanwhile is asked for when it answers again.
      first = false;
    };
    return () => events.close();
  }, [client]);
  return connected;
}
