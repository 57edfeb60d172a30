import type { FaultCode, FaultSubject } from '../../errors.js';
import type { DisplayFrame } from '../display/display-frame.js';
import type { GreyImage } from '../image.js';
import type { FrameSpecification } from '../input-frame.js';
import type { PresentedGeometry } from '../orientation.js';
import type { Preview } from '../preview.js';
import type { CtWindow } from '../window.js';

/** What a picture is cut and scaled to before it leaves the decoder. */
export type PictureSize = FrameSpecification;

/** Work for one decoder process, on one file. */
export type DecoderTask =
  | { readonly kind: 'xray'; readonly size?: PictureSize }
  | {
      readonly kind: 'ctSlice';
      readonly window: CtWindow;
      /** More channels of the same slice. */
      readonly furtherWindows?: readonly CtWindow[];
      /** All of the slice, so that neighbouring ones lie on each other; else its lungs. */
      readonly wholeSlice?: boolean;
      readonly frameNumber: number;
      readonly size?: PictureSize;
    }
  | { readonly kind: 'displayFrame'; readonly window: CtWindow; readonly wholeSlice: boolean; readonly frameNumber: number }
  | { readonly kind: 'lungFraction'; readonly frameNumber: number }
  | { readonly kind: 'picture'; readonly size?: PictureSize };

/** A picture for a network and for people. */
export interface ScaledPicture {
  readonly image: GreyImage;
  /** The same picture for people. */
  readonly preview: Preview;
}

/** A presented picture without functions, so that it crosses processes; see `toStored(geometry, box)`. */
export interface DecodedPicture extends ScaledPicture {
  readonly geometry: PresentedGeometry;
}

export interface TaskResults {
  readonly xray: DecodedPicture;
  readonly ctSlice: DecodedPicture;
  readonly lungFraction: number;
  readonly displayFrame: DisplayFrame;
  readonly picture: ScaledPicture;
}

export type TaskResult = TaskResults[DecoderTask['kind']];

/** What a decoder answers; a Fault as data, since classes do not cross processes. */
export type DecoderAnswer =
  | { readonly result: TaskResult }
  | { readonly fault: { readonly code: FaultCode; readonly detail: string; readonly subject: FaultSubject } }
  | { readonly error: string };
