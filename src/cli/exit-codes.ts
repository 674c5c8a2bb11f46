/** How the programs end. Scripts and service managers read these numbers. */

export const EXIT = {
  ok: 0,
  /** The operation failed. */
  failed: 1,
  /** The command line is wrong (EX_USAGE). */
  usage: 64,
  /** The configuration, the folder or the Node is wrong: starting again does not help (EX_CONFIG). */
  config: 78,
  /** A rule of ours is broken: the process no longer trusts itself (EX_SOFTWARE). */
  invariant: 70,
} as const
