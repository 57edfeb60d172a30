const longest = (max: number, before = ''): string => before + 'x'.repeat(max - before.length);
const aLabel = { accepts: ['u', longest(44), ''], refuses: [longest(45), 'to read', '../x', 'a%2F', 7, false] };

/** What the texts of the setting resultLabels accept and refuse, for config-ranges.test.ts. */
export const resultLabelTexts = {
  'resultLabels.prefix': { accepts: ['a', longest(20), 'AI_1-'], refuses: ['', longest(21), 'a b', 'a/', 'ä', 'a.', 7] },
  'resultLabels.finding': {
    accepts: ['{finding}', longest(50, '{finding}'), 'shows-{finding}_1', ''],
    refuses: ['finding', longest(51, '{finding}'), '{finding}{finding}', '{finding} ', '{finding}/..', 7, false],
  },
  'resultLabels.unread': aLabel,
  'resultLabels.failed': aLabel,
};
