/** The anchor of a heading as GitHub makes it: "Bring your own model (ONNX)" → "bring-your-own-model-onnx". */
export function headingAnchor(heading: string): string {
  return heading
    .replace(/[`*_]/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .replace(/\s/g, '-');
}

export interface Heading {
  /** 2 for "## …". */
  readonly level: number;
  readonly text: string;
  readonly anchor: string;
}

/** The headings of a Markdown text below its title, in order; lines of code blocks are none. */
export function headingsIn(markdown: string): readonly Heading[] {
  return [...withoutCode(markdown).matchAll(/^(#{2,4}) +(.+?)\s*$/gm)].map(([, marks, text]) => ({
    level: marks!.length,
    text: text!.replace(/[`*]/g, ''),
    anchor: headingAnchor(text!),
  }));
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ' '));
}
