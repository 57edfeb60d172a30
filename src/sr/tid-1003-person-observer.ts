import { codes } from './codes.js';
import { accountAsPersonName } from './legal-value.js';
import { code, pname, text, type ContentItem } from './content-item.js';

/**
 * TID 1001 Observation Context with TID 1002 Observer Context and TID 1003 Person Observer Identifying Attributes
 * (PS3.16): a person speaks, known to us by the name of the account.
 */
export function personObserver(reader: string): readonly ContentItem[] {
  return [
    code('HAS OBS CONTEXT', codes.observerType, codes.person),
    pname('HAS OBS CONTEXT', codes.personObserverName, accountAsPersonName(reader)),
    text('HAS OBS CONTEXT', codes.personObserverLoginName, reader),
  ];
}
