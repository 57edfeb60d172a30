/** The text that is hashed for an attribute and a value; case and additional blanks make no difference. */
export function searchText(keyword: string, value: string): string {
  return `${keyword}=${value.trim().replace(/\s+/g, ' ').toUpperCase()}`;
}
