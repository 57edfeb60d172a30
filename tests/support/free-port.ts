import { freePorts } from '../../src/orthanc/free-ports.js';

/** A TCP port that is free on all interfaces at this moment. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}
