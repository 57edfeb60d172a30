/** Where a link of a guide leads inside the page: a guide at `/help/NAME`, an anchor of the same guide, or elsewhere. */
export type GuideLink =
  | { readonly kind: 'inside'; readonly address: string }
  | { readonly kind: 'outside'; readonly address: string }
  /** A file of the repository that the page does not serve. */
  | { readonly kind: 'file' };

/** @param from name of the guide that contains the link, e.g. "triage" or "reference-documents"; empty for a model card */
export function guideLink(from: string, href: string): GuideLink {
  if (/^https?:\/\//.test(href)) return { kind: 'outside', address: href };
  if (href.startsWith('#')) return { kind: 'inside', address: href };
  const folder = from.startsWith('reference-') ? 'reference' : 'guide';
  const [path = '', anchor] = href.split('#');
  const parts = ['docs', folder];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  const [, kind, name] = /^docs\/(guide|reference)\/([a-z0-9-]+)\.md$/.exec(parts.join('/')) ?? [];
  if (!name || from === '') return { kind: 'file' };
  return { kind: 'inside', address: `/help/${kind === 'reference' ? 'reference-' : ''}${name}${anchor ? `#${anchor}` : ''}` };
}

/** The guide that explains a view, by the beginning of its address. */
const guideByView: readonly (readonly [view: string, guide: string])[] = [
  ['/worklist', 'triage'],
  ['/study', 'page'],
  ['/analyze', 'page'],
  ['/operations', 'operations'],
  ['/administration', 'access'],
  ['/discordances', 'reports'],
  ['/audit', 'access'],
  ['/models', 'assessments-and-retraining'],
  ['/password', 'access'],
];

/** The address of the help for a view. */
export function helpFor(view: string): string {
  const guide = guideByView.find(([start]) => view.startsWith(start))?.[1];
  return guide === undefined ? '/help' : `/help/${guide}`;
}
