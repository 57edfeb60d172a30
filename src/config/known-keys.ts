import { z } from 'zod';
import { nearestName } from '../lib/nearest-name.js';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
}

/**
 * What a file that contains an unknown key most likely means: a similar key of the same section, else a key of this name in another
 * section.
 *
 * @param path of the section
 * @returns the whole path of the known key; undefined if there is none
 */
export function suggestedKey(schema: z.ZodType, path: readonly PropertyKey[], key: string): string | undefined {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
  const section = path.reduce<readonly Node[]>((nodes, part) => nodes.flatMap((node) => below(node, part)), alternatives(root));
  const sibling = nearestName(
    key,
    section.flatMap((node) => Object.keys(node.properties ?? {})),
  );
  if (sibling !== undefined) return [...path, sibling].join('.');
  return settingsIn(root, [])
    .find((one) => one.at(-1)?.toLowerCase() === key.toLowerCase())
    ?.join('.');
}

const alternatives = (node: Node): readonly Node[] => [
  node,
  ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(alternatives),
];

function below(node: Node, part: PropertyKey): readonly Node[] {
  const child = typeof part === 'number' ? node.items : (node.properties?.[String(part)] ?? node.additionalProperties);
  return typeof child === 'object' ? alternatives(child) : [];
}

/** Paths of all keys whose names are fixed. */
function settingsIn(node: Node, path: readonly string[]): readonly (readonly string[])[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => [[...path, name], ...settingsIn(child, [...path, name])]);
}
