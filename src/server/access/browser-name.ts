/** In this order: each browser's header also names those below it. */
const browsers: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\/(\d{1,4})/],
  ['Opera', /\bOPR\/(\d{1,4})/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d{1,4})/],
  ['Chrome', /\b(?:Headless)?(?:Chrome|CriOS)\/(\d{1,4})/],
  ['Safari', /\bVersion\/(\d{1,4})\S* (?:Mobile\S* )?Safari\//],
];
const systems: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
];

/**
 * Browser and operating system, e.g. "Firefox 142, Linux", from a User-Agent header (RFC 9110 §10.1.5). The header is what the client
 * wrote: only names of these lists and numbers are taken from it.
 *
 * @returns empty if it names neither
 */
export function browserOf(userAgent: string | undefined): string {
  const text = (userAgent ?? '').slice(0, 1_000);
  const named = browsers.map(([name, pattern]) => [name, pattern.exec(text)?.[1]] as const).find(([, version]) => version !== undefined);
  const system = systems.find(([, pattern]) => pattern.test(text))?.[0];
  return [named?.join(' '), system].filter((one) => one !== undefined).join(', ');
}
