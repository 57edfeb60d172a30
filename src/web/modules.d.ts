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
