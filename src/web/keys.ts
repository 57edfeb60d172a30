import type { TextKey } from './texts/en.js';

/** Where a key works: in the worklist, on the page of a study, in the strip beside the images of OHIF. */
export type KeyScope = 'worklist' | 'study' | 'viewer';

/** What a key does; `text` names it for people. */
export interface KeyBinding<Action extends string = string> {
  readonly action: Action;
  /** `KeyboardEvent.key`; any of them. */
  readonly keys: readonly string[];
  readonly scopes: readonly KeyScope[];
  /** Only while the strip has the focus: OHIF uses the letter itself. */
  readonly focused?: true;
  readonly text: TextKey;
}

/**
 * Every key of the page, in one place: the handlers (use-keys.ts, assessment-bar/bar.ts) and the list of keys are made from it. A letter that
 * OHIF 3.13 uses (a, b, c, e, h, i, l, n, r, v, z) means nothing else in the strip beside it, except while the strip has the focus (`focused`).
 */
export const keyBindings = [
  { action: 'down', keys: ['j', 'ArrowDown'], scopes: ['worklist'], text: 'keys.down' },
  { action: 'up', keys: ['k', 'ArrowUp'], scopes: ['worklist'], text: 'keys.up' },
  { action: 'first', keys: ['Home'], scopes: ['worklist'], text: 'keys.first' },
  { action: 'last', keys: ['End'], scopes: ['worklist'], text: 'keys.last' },
  { action: 'open', keys: ['Enter', 'o'], scopes: ['worklist'], text: 'keys.open' },
  { action: 'search', keys: ['/'], scopes: ['worklist'], text: 'keys.search' },
  { action: 'worklist', keys: ['u', 'Escape'], scopes: ['study'], text: 'keys.worklist' },
  { action: 'nextStudy', keys: ['n'], scopes: ['study'], text: 'keys.nextStudy' },
  { action: 'previousStudy', keys: ['p'], scopes: ['study'], text: 'keys.previousStudy' },
  { action: 'nextFinding', keys: ['j'], scopes: ['study', 'viewer'], text: 'keys.nextFinding' },
  { action: 'previousFinding', keys: ['k'], scopes: ['study', 'viewer'], text: 'keys.previousFinding' },
  { action: 'present', keys: ['y'], scopes: ['study', 'viewer'], text: 'keys.present' },
  { action: 'undetermined', keys: ['d'], scopes: ['study', 'viewer'], text: 'keys.undetermined' },
  { action: 'absent', keys: ['x'], scopes: ['study', 'viewer'], text: 'keys.absent' },
  { action: 'comment', keys: ['c'], scopes: ['study'], text: 'keys.comment' },
  { action: 'addFinding', keys: ['e'], scopes: ['study'], text: 'keys.addFinding' },
  { action: 'comment', keys: ['c'], scopes: ['viewer'], focused: true, text: 'keys.commentInStrip' },
  { action: 'addFinding', keys: ['e'], scopes: ['viewer'], focused: true, text: 'keys.addFindingInStrip' },
  { action: 'undo', keys: ['q', 'z'], scopes: ['worklist', 'study'], text: 'keys.undo' },
  { action: 'undo', keys: ['q'], scopes: ['viewer'], text: 'keys.undo' },
  { action: 'withdraw', keys: ['w'], scopes: ['study', 'viewer'], text: 'keys.withdraw' },
  { action: 'confirmAll', keys: ['m'], scopes: ['viewer'], text: 'keys.confirmAll' },
  { action: 'confirmAllAndNext', keys: ['Enter', 'm'], scopes: ['study'], text: 'keys.confirmAllAndNext' },
] as const satisfies readonly KeyBinding[];

export type KeyAction = (typeof keyBindings)[number]['action'];

/**
 * What the key of an event does here; undefined for one that a field, a button or the browser itself handles.
 *
 * @param hasFocus whether the strip beside OHIF has the focus
 */
export function actionOf(event: KeyboardEvent, scope: KeyScope, hasFocus = false): KeyAction | undefined {
  const { target } = event;
  // With Caps Lock a letter is a capital one.
  const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
  if (!isForPage(event)) return undefined;
  // A focused link or button handles Enter itself.
  if (key === 'Enter' && target instanceof HTMLElement && target.closest('a, button, input:not([type=radio]), summary')) return undefined;
  return keyBindings.find(
    (one: KeyBinding) => one.scopes.includes(scope) && one.keys.includes(key) && (hasFocus || one.focused === undefined),
  )?.action;
}

/** The first key of an action, as `aria-keyshortcuts` wants it. */
export function keyOf(action: KeyAction, scope: KeyScope): string {
  const found = keyBindings.find((one) => one.action === action && (one.scopes as readonly KeyScope[]).includes(scope));
  return found?.keys[0] ?? '';
}

/** What takes the keys while it is open: a dialog, a menu or a list, of the page or of OHIF. */
const overlays = 'dialog[open], [role=dialog], [role=menu], [role=listbox], [data-radix-popper-content-wrapper]';

/**
 * Whether a key is meant for the page: no shortcut of the browser, no text, nothing open that takes keys, and no single key where the user
 * has switched them off (WCAG 2.1.4). With AltGr, which other keyboards need for brackets, Ctrl and Alt are set too.
 */
export function isForPage(event: KeyboardEvent): boolean {
  const { ctrlKey, metaKey, altKey, key, target } = event;
  if (metaKey || ((ctrlKey || altKey) && !event.getModifierState('AltGraph'))) return false;
  if (isWriting(target) || document.querySelector(overlays) !== null) return false;
  return key.length > 1 || areSingleKeysOn();
}

const singleKeysSetting = 'chest-ai-single-keys';

/** Of this browser; on until the user switches them off in the menu. */
export function areSingleKeysOn(): boolean {
  return localStorage.getItem(singleKeysSetting) !== 'off';
}

export function setSingleKeys(isOn: boolean): void {
  localStorage.setItem(singleKeysSetting, isOn ? 'on' : 'off');
}

/** Whether keys are text there. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  // A radio button and a checkbox take no text.
  if (target instanceof HTMLInputElement && ['radio', 'checkbox', 'button'].includes(target.type)) return false;
  return target.matches('input, textarea, select') || target.isContentEditable;
}
