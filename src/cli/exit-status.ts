/** What the process returns. Programs that call this one rely on these numbers. */
export const ExitStatus = {
  done: 0,
  bug: 1,
  usage: 2,
  badData: 3,
  mismatch: 4,
  failedUnder: 5,
  notConverged: 6,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof ExitStatus)[keyof typeof ExitStatus];

/** The command line itself is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** A result cannot be written where it was asked for. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** SIGINT or SIGTERM came before there was anything to save. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
}
