declare module '*.css';
declare module '*.css?inline' {
  const text: string;
  export default text;
}
declare module '*.svg' {
  const address: string;
  export = address;
}
/** Files that Vite finds when it builds the page; each is loaded when its function is called. */
interface ImportMeta {
  glob<Module>(pattern: string): Readonly<Record<string, () => Promise<Module>>>;
}

/** Made by vite.config.mjs. */
declare module 'virtual:dicom-keywords' {
  const keywords: Readonly<Record<string, { readonly tag: string; readonly vr: string; readonly vm: string; readonly name: string }>>;
  export { keywords as default };
}
