/** The user who is logged in. */
export interface CurrentUser {
  readonly name: string;
  readonly roles: readonly string[];
  /** The password has to be changed before anything else. */
  readonly mustChange?: boolean;
}

/** Whether the user may manage accounts and test channels. */
export function isAdministrator(user: CurrentUser | undefined): boolean {
  return user?.roles.includes('admin') ?? false;
}

/** Whether the user may assess findings. */
export function mayAssess(user: CurrentUser | undefined): boolean {
  return user?.roles.some((role) => role === 'reader' || role === 'admin') ?? false;
}
