import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { picturesOfStudy } from '../../src/retraining/picture-key.js';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';

/** What has to become of the training pictures of a study. */
export type PictureFate = 'stay' | 'removed' | 'either';

/** Training pictures as a retraining run leaves them, in the DATA_DIR of every process. */
export class PlantedPictures {
  #planted = new Map<string, PictureFate>();

  constructor(private readonly directories: readonly string[]) {}

  /** Makes pictures of exactly these studies. */
  plant(studies: readonly string[]): void {
    this.#planted = new Map(studies.map((uid) => [uid, 'stay']));
    for (const uid of studies)
      for (const folder of this.#folders()) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, `${picturesOfStudy(uid)}0123456789abcdef0123456789abcdef.224.pic`), 'a picture', { mode: 0o600 });
      }
  }

  /** The last fate that is not `stay` counts, and `removed` more than `either`. */
  expect(uid: string, fate: PictureFate): void {
    const before = this.#planted.get(uid);
    if (before === undefined || fate === 'stay' || before === 'removed') return;
    this.#planted.set(uid, fate);
  }

  expectAll(fate: PictureFate): void {
    for (const uid of this.#planted.keys()) this.expect(uid, fate);
  }

  /** An older PACS may take back what nobody saw: the images are then those of the pictures again. */
  expectPossiblyUndone(): void {
    for (const uid of this.#planted.keys()) this.#planted.set(uid, 'either');
  }

  /** @param isInPacs pictures of a study that the PACS does not contain have to be removed, whatever happened */
  violations(isInPacs: (uid: string) => boolean): readonly string[] {
    const names = this.#folders().map((folder) => (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []));
    return [...this.#planted].flatMap(([uid, planned]) => {
      const fate = isInPacs(uid) ? planned : 'removed';
      const beginning = picturesOfStudy(uid);
      const present = names.filter((list) => list.some((name) => name.includes(beginning))).length;
      if (fate === 'removed' && present > 0) return [`${present} of ${names.length} processes still have training pictures of ${uid}`];
      if (fate === 'stay' && present < names.length)
        return [`${names.length - present} processes removed training pictures of ${uid}, which did not change`];
      return [];
    });
  }

  /** Processes that have not followed the changes of studies up to this one: after an older index was restored, they begin anew. */
  notFollowed(newestStudyChange: number): readonly string[] {
    const positions = this.directories.map((dataDir) => {
      const file = join(retrainingFolders({ dataDir }).root, 'study-changes.json');
      return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly number: number }).number : 0;
    });
    const late = positions.filter((one) => one !== newestStudyChange);
    return late.map((one) => `a process followed the changes of studies to ${one} of ${newestStudyChange}`);
  }

  #folders(): readonly string[] {
    return this.directories.map((dataDir) => retrainingFolders({ dataDir }).pictures);
  }
}
