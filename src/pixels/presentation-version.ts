/**
 * Raised whenever the same file is presented to a network differently: VOI LUT, collimation, padding, resizing. Pictures that
 * were cached under another number are not used any more, so that training and reporting see the same.
 */
export const presentationVersion = 3;
