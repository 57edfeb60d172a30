import { useQuery } from '@tanstack/react-query';
import { get } from './api.js';
import type { CurrentUser } from './current-user.js';

/** The user who is logged in; undefined until the reply arrives. */
export function useCurrentUser(): CurrentUser | undefined {
  return useQuery({ queryKey: ['me'], queryFn: () => get<CurrentUser>('/api/me'), staleTime: 60_000 }).data;
}
