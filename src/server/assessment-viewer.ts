/** Who sees the assessments of a study. */
export interface AssessmentViewer {
  readonly name: string;
  /** Readers assess studies: what others state is hidden from them until they have. */
  readonly isReader: boolean;
}
