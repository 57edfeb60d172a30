import type { FaultCode, FaultSubject } from '../errors.js';
import type { GreyImage } from './image.js';
import type { PresentedGeometry } from './orientation.js';
import type { Preview } from './preview.js';

/** What a picture is scaled to before it leaves the worker. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Work for one decoder thread. */
export type DecoderTask =
  | { readonly kind: 'xray'; readonly bytes: Uint8Array; readonly size?: PictureSize }
  | { readonly kind: 'ctSlice'; readonly bytes: Uint8Array; readonly window: { readonly center: number; readonly width: number }; readonly frameNumber: number; readonly size?: PictureSize }
  | { readonly kind: 'lungFraction'; readonly bytes: Uint8Array; readonly frameNumber: number };

/** A presented picture without functions, so that it crosses threads; see `toStored(geometry, box)`. */
export interface DecodedPicture {
  readonly image: GreyImage;
  readonly geometry: PresentedGeometry;
  /** The same picture for people. */
  readonly preview: Preview;
}

export interface TaskResults {
  readonly xray: DecodedPicture;
  readonly ctSlice: DecodedPicture;
  readonly lungFraction: number;
}

/** What a thread answers; a Fault as data, since classes do not cross threads. */
export type DecoderAnswer =
  | { readonly id: number; readonly result: DecodedPicture | number }
  | { readonly id: number; readonly fault: { readonly code: FaultCode; readonly detail: string; readonly subject: FaultSubject } }
  | { readonly id: number; readonly error: string };
