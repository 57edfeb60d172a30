declare module '*.css';
declare module '*.css?inline' {
  const text: string;
  export default text;
}
declare module '*.svg' {
  const address: string;
  export = address;
}

/** Made by vite.config.mjs. */
declare module 'virtual:dicom-keywords' {
  const keywords: Readonly<Record<string, { readonly tag: string; readonly vr: string; readonly vm: string; readonly name: string }>>;
  export { keywords as default };
}
