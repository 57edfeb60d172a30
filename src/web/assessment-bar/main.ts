import { get } from '../api.js';
import { firstLanguage, translator } from '../texts/languages.js';
import type { Me } from '../assessments.js';
import { AssessmentBar } from './bar.js';

/*
 * Runs in OHIF's own page (src/server/routes/viewer.ts puts it there): findings of the studies that the viewer shows, and the
 * reader's assessment on them, without leaving the picture.
 */

/** The viewer changes its address without loading a page and without telling anybody. */
const lookMs = 500;

/** Study Instance UIDs that a viewer's address names; OHIF takes the parameter in any case, several times, or with commas. */
function studiesOf(search: string): readonly string[] {
  const named = [...new URLSearchParams(search)].flatMap(([name, value]) =>
    name.toLowerCase() === 'studyinstanceuids' ? value.split(',') : [],
  );
  return [...new Set(named.filter((uid) => /^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$/.test(uid)))];
}

const language = firstLanguage();
const bar = new AssessmentBar(translator(language), language, await get<Me>('/api/me'));
document.body.append(bar.host);
let shown = '';
setInterval(() => {
  if (location.search === shown) return;
  shown = location.search;
  bar.show(studiesOf(shown));
}, lookMs);
