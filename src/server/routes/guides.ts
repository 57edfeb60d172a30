import { z } from 'zod';
import { openGuides } from '../page/guides.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { guideMatchSchema, guideSchema, shownGuideSchema } from '../schemas/guides.js';

/** The documentation inside the page. */
export function guideRoutes({ guideDirectory }: Pick<ServerParts, 'guideDirectory'>): readonly Route[] {
  const guides = openGuides(guideDirectory);
  return [
    defineRoute({
      method: 'get',
      path: '/api/guides',
      access: 'viewer',
      summary: 'Guides and reference pages',
      reply: { json: z.array(guideSchema).readonly() },
      handle: () => guides.list(),
    }),
    defineRoute({
      method: 'get',
      path: '/api/guides/search',
      access: 'viewer',
      summary: 'Sections of the guides that contain every word',
      query: z.object({ words: z.string().max(200).default('').describe('separated by spaces; without any nothing is found') }),
      reply: { json: z.array(guideMatchSchema).readonly() },
      handle: ({ query }) => guides.search(query.words),
    }),
    defineRoute({
      method: 'get',
      path: '/api/guides/:guide',
      access: 'viewer',
      summary: 'The text of a guide',
      reply: { json: shownGuideSchema },
      handle: ({ param }) => guides.read(param('guide')),
    }),
  ];
}
