import { useEffect, useState } from 'react';
import type { ShownPatient } from '../server/page-types.js';
import { get } from './api.js';

const atOnce = 50;

/** The patients of studies, from the PACS; each study is requested once. */
export function usePatients(studies: readonly string[]): Readonly<Record<string, ShownPatient | undefined>> {
  const [known, setKnown] = useState<Readonly<Record<string, ShownPatient | undefined>>>({});
  useEffect(() => {
    const missing = studies.filter((uid) => !(uid in known)).slice(0, atOnce);
    if (missing.length === 0) return;
    let mounted = true;
    get<Readonly<Record<string, ShownPatient>>>(`/api/patients?studies=${missing.map(encodeURIComponent).join(',')}`)
      .then((found) => mounted && setKnown((before) => ({ ...before, ...Object.fromEntries(missing.map((uid) => [uid, found[uid]])) })))
      .catch(() => undefined);
    return () => {
      mounted = false;
    };
  }, [studies, known]);
  return known;
}
