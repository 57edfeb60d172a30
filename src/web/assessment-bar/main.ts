import { get } from '../api.js';
import { firstLanguage, loadTranslate } from '../texts/languages.js';
import type { CurrentUser } from '../current-user.js';
import { AssessmentBar } from './bar.js';

/*
 * Runs in OHIF's own page, into which src/server/routes/viewer.ts puts it: the findings of the displayed studies, and the reader's
 * assessments of them beside the image.
 */

/** The viewer changes its address without loading a page and without an event. */
const checkMs = 500;

/** Study Instance UIDs that a viewer's address names; OHIF takes the parameter in any case, several times, or with commas. */
function studiesOf(search: string): readonly string[] {
  const named = [...new URLSearchParams(search)].flatMap(([name, value]) =>
    name.toLowerCase() === 'studyinstanceuids' ? value.split(',') : [],
  );
  return [...new Set(named.filter((uid) => /^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$/.test(uid)))];
}

const language = firstLanguage();
const bar = new AssessmentBar(await loadTranslate(language), language, await get<CurrentUser>('/api/me'));
document.body.append(bar.host);
let shown = '';
setInterval(() => {
  if (location.search === shown) return;
  shown = location.search;
  bar.show(studiesOf(shown));
}, checkMs);
