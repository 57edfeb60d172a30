import { inlineExternalData } from './external-data.js';
import { readOnnxFile } from './onnx-file.js';

const maxCompanions = 64;

/**
 * Where the tensors of a model lie outside its file, as names below its folder.
 *
 * @throws Error for a name that leads out of the folder
 */
export function companionsOf(model: Uint8Array): readonly string[] {
  const names = new Set<string>();
  for (const { name, external } of readOnnxFile(model).tensors) {
    if (!external) continue;
    const location = external.get('location') ?? '';
    if (!/^(\.\/)?[^/\\\0]+(\/[^/\\\0]+)*$/.test(location) || location.split('/').includes('..') || location.length > 255)
      throw new Error(
        `tensor ${name}: expected its external data in a file of the model's folder, found ${JSON.stringify(location)}; export the model with its data beside it`,
      );
    names.add(location);
  }
  if (names.size > maxCompanions)
    throw new Error(`expected external data in at most ${maxCompanions} files, found ${names.size}; export the model into one file`);
  return [...names];
}

/** The model with its external data inside. @param files by the names that `companionsOf` gave, and the model itself */
export function withCompanions(files: ReadonlyMap<string, Uint8Array>, main: string): Uint8Array {
  return inlineExternalData(files.get(main)!, (location, offset, length) => {
    const file = files.get(location);
    if (!file) throw new Error(`expected the file ${location} with external data beside the model, found none; copy it there`);
    const end = length === undefined ? file.length : offset + length;
    if (offset > file.length || end > file.length)
      throw new Error(`external data ${location}: expected at least ${end} bytes, found ${file.length}; copy the file again`);
    return file.subarray(offset, end);
  });
}
