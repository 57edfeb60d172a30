declare module '*.css';
declare module '*.css?inline' {
  const text: string;
  export default text;
}
declare module '*.svg' {
  const address: string;
  export = address;
}
