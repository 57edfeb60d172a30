import { Component, type ReactNode } from 'react';

/** What is around the viewer stays if it fails while React draws it: still pictures in its place, never a white page. */
export class ViewerBoundary extends Component<{
  readonly children: ReactNode;
  readonly instead: ReactNode;
  readonly onFailure: (reason: unknown) => void;
}> {
  override readonly state: { readonly hasFailed: boolean } = { hasFailed: false };

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(reason: unknown): void {
    this.props.onFailure(reason);
  }

  override render(): ReactNode {
    return this.state.hasFailed ? this.props.instead : this.props.children;
  }
}
