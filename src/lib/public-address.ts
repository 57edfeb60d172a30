/**
 * The path below which browsers reach the service, without a slash at its end: `/ai` of https://hospital.example/ai/, empty for a host
 * name of its own.
 */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');
}

/** An address of the service as browsers see it. @param path from the root of the service: /study/1.2.3 */
export function publicAddress(publicUrl: string, path: string): string {
  return new URL(`${basePathOf(publicUrl)}${path}`, publicUrl).href;
}
