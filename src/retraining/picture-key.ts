import { createHash } from 'node:crypto';
import { erasedPrefix, isErasedName } from '../store/study-changes.js';

/** What tells one training picture from another. */
export interface PlannedPicture {
  readonly studyInstanceUID: string;
  readonly sopInstanceUID: string;
  /** Digest of the image's bytes, where it is known. */
  readonly content?: string | undefined;
}

/**
 * Names the cached picture of an image: by its study, so that the pictures of a deleted study are found, and by its content, so
 * that another image under the same UID has another picture.
 */
export function pictureKeyOf({ studyInstanceUID, sopInstanceUID, content = '' }: PlannedPicture): string {
  return `${picturesOfStudy(studyInstanceUID)}${hash(`${sopInstanceUID} ${content}`).slice(0, 32)}`;
}

/** How the keys of all pictures of a study begin. @param studyInstanceUID or the name that a change has of an erased study */
export function picturesOfStudy(studyInstanceUID: string): string {
  return isErasedName(studyInstanceUID) ? `${studyInstanceUID.slice(erasedPrefix.length)}-` : `${hash(studyInstanceUID).slice(0, 20)}-`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
