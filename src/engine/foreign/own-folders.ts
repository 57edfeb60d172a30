import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a confined process may read: this program, and the packages and the Node that it runs on. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));
export const ownFolders: readonly string[] = [...new Set([root, realpathSync(root), realpathSync(process.execPath)])];
