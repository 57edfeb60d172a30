import type { MessagesSettings } from '../config.js';
import { Fault } from '../errors.js';
import { nearestName } from '../lib/nearest-name.js';
import { compilePattern } from '../routing/pattern.js';

/**
 * @param known the findings of config/findings.json by their names
 * @throws Fault `config-invalid` for an unknown finding, naming the nearest, or for a pattern that cannot be read
 */
export function checkMessageRules({ rules }: Pick<MessagesSettings, 'rules'>, known: Readonly<Record<string, unknown>>): void {
  rules.forEach(({ findings = [], site = [] }, index) => {
    const unknown = findings.find((name) => !Object.hasOwn(known, name));
    if (unknown !== undefined) {
      const near = nearestName(unknown, Object.keys(known));
      throw new Fault(
        'config-invalid',
        `messages.rules.${index}.findings: expected findings of config/findings.json, found "${unknown}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`,
      );
    }
    for (const pattern of site) {
      try {
        compilePattern(pattern);
      } catch (cause) {
        throw new Fault(
          'config-invalid',
          `messages.rules.${index}.site: expected a text (with * as wildcard) or a /regular expression/ of RE2, found "${pattern}"`,
          {},
          { cause },
        );
      }
    }
  });
}
