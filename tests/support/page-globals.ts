// Modules of the page listen for keys when they are loaded: this one is imported before them. Keys do not reach these tests.
Object.assign(globalThis, { addEventListener: globalThis.addEventListener ?? (() => undefined) });

/** The `sessionStorage` of a tab, in memory. */
export function tabStorage(): Storage {
  const values = new Map<string, string>();
  return {
    get length() {
      return values.size;
    },
    key: (index) => [...values.keys()][index] ?? null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    clear: () => values.clear(),
  };
}
