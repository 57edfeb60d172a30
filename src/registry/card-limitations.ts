/** What the section "Limitations" of a model card says, in Markdown; undefined if the card has none. */
export function limitationsIn(card: string): string | undefined {
  const section = /^## Limitations\n+([\s\S]*?)(?=^#{1,2} |$(?![\s\S]))/m.exec(card)?.[1]?.trim();
  return section || undefined;
}
