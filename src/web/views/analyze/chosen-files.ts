/** A file that the user chose, with its path below the folder that was dropped or chosen. */
export interface ChosenFile {
  readonly file: File;
  /** The name alone where it is not in a folder. */
  readonly path: string;
}

/** Files of an input element; those of a folder have their path. */
export function filesOfInput(files: Iterable<File>): readonly ChosenFile[] {
  return [...files]
    .map((file) => ({ file, path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath }))
    .filter(({ path }) => !isHidden(path));
}

/** Files and folders that were dropped, with all below the folders, ordered by path; hidden files and DICOMDIR are left out of folders. */
export async function filesOfDrop(transfer: DataTransfer): Promise<readonly ChosenFile[]> {
  // Entries must be taken before the first await: the list is empty afterwards.
  const entries = [...(transfer.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return filesOfInput(transfer.files);
  const found: ChosenFile[] = [];
  for (const entry of entries) if (entry) await addFilesOf(entry, found);
  return found.filter(({ path }) => !isHidden(path)).sort((one, other) => (one.path < other.path ? -1 : 1));
}

async function addFilesOf(entry: FileSystemEntry, found: ChosenFile[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '');
  if (isHidden(path)) return;
  if (entry.isFile) {
    const file = await new Promise<File | undefined>((resolve) => (entry as FileSystemFileEntry).file(resolve, () => resolve(undefined)));
    if (file) found.push({ file, path });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader returns at most a hundred entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise<readonly FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) return;
    for (const one of some) await addFilesOf(one, found);
  }
}

function isHidden(path: string): boolean {
  const parts = path.split('/');
  return parts.length > 1 && (parts.at(-1) === 'DICOMDIR' || parts.slice(1).some((part) => part.startsWith('.')));
}

/** The paths, each one once: a path that is there already gets a number. @param taken paths that are shown already */
export function distinctPaths(paths: readonly string[], taken: ReadonlySet<string>): readonly string[] {
  const used = new Set(taken);
  return paths.map((path) => {
    let distinct = path;
    for (let number = 2; used.has(distinct); number++) distinct = `${path} (${number})`;
    used.add(distinct);
    return distinct;
  });
}
