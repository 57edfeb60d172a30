/** Offers a text that the page made as a file. @param type media type, e.g. `text/csv` */
export function downloadText(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the address when the click returns; memory is released a little later.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
