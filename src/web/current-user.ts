/** The user who is logged in. */
export interface CurrentUser {
  readonly name: string;
  readonly roles: readonly string[];
  /** The password has to be changed before anything else. */
  readonly mustChange?: boolean;
  /** Reports of radiologists are read. */
  readonly readsReports?: boolean;
}

/** Whether the user may manage accounts and test channels. */
export function isAdministrator(user: CurrentUser | undefined): boolean {
  return user?.roles.includes('admin') ?? false;
}

/** Whether the user may retry jobs, deploy models and change routing rules. */
export function mayOperate(user: CurrentUser | undefined): boolean {
  return user?.roles.some((role) => role === 'operator' || role === 'admin') ?? false;
}

/** Whether the user may assess findings. */
export function mayAssess(user: CurrentUser | undefined): boolean {
  return user?.roles.some((role) => role === 'reader' || role === 'admin') ?? false;
}

/** Whether the user sees where AI results and reports of radiologists differ. */
export function mayCompareReports(user: CurrentUser | undefined): boolean {
  return mayAssess(user) && user?.readsReports === true;
}
