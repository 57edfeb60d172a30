/** Who asks for a change of what serves, and why; the reason stays in the history. */
export interface RequestedChange {
  readonly by: string;
  readonly why?: string | undefined;
}

export interface ChangedModels {
  readonly champion: string;
  readonly challenger: string | null;
  /** Version that this process judges with after it has looked: another than the champion where that one could not be loaded. */
  readonly inService: string;
}

/** What an operator may do about models; app.ts supplies it. Each throws Fault `model-unknown`, `request-invalid`, `aliases-changed`. */
export interface ModelActions {
  /** The rule is that of the command line: what the gate did not let through needs `withoutGate` and a reason. */
  promote(version: string, asked: RequestedChange & { readonly withoutGate: boolean }): Promise<ChangedModels>;
  /** @param version null takes the challenger away */
  challenge(version: string | null, asked: RequestedChange): Promise<ChangedModels>;
  rollBack(asked: RequestedChange): Promise<ChangedModels>;
}
