import { CapacityError, DataError, ModelError, UnsupportedError } from '../errors.ts';
import { ExitStatus, Interruption, OutputError, UsageError } from './exit-status.ts';
import { visibleText } from './visible-text.ts';

export interface ErrorDescription {
  readonly status: ExitStatus;
  /** A word that programs can test. */
  readonly code: 'usage' | 'output' | 'data' | 'capacity' | 'model' | 'unsupported' | 'interrupted' | 'bug';
  readonly message: string;
  readonly hint: string | null;
}

/** What the user is told of an error, and the exit status that it means. */
export function describeError(error: unknown): ErrorDescription {
  const [status, code] = classify(error);
  if (code === 'bug') {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      status,
      code,
      message: `unexpected: ${message}`,
      hint: 'this is a bug in softmargin: please report it with the output under SOFTMARGIN_DEBUG=1',
    };
  }
  const { message, hint } = error as { message: string; hint?: string };
  // Some messages end in their own hint.
  return { status, code, message, hint: hint === undefined || message.includes(hint) ? null : hint };
}

function classify(error: unknown): [ExitStatus, ErrorDescription['code']] {
  if (error instanceof UsageError) return [ExitStatus.usage, 'usage'];
  if (error instanceof OutputError) return [ExitStatus.usage, 'output'];
  if (error instanceof DataError) return [ExitStatus.badData, 'data'];
  if (error instanceof CapacityError) return [ExitStatus.badData, 'capacity'];
  if (error instanceof ModelError) return [ExitStatus.mismatch, 'model'];
  if (error instanceof UnsupportedError) return [ExitStatus.usage, 'unsupported'];
  if (error instanceof Interruption) return [ExitStatus.interrupted, 'interrupted'];
  if (isRefusedArgument(error)) return [ExitStatus.usage, 'usage'];
  return [ExitStatus.bug, 'bug'];
}

/** The library's own argument checks say `"name" expected …`; any other TypeError or RangeError is a bug. */
function isRefusedArgument(error: unknown): boolean {
  return (
    (error instanceof RangeError || error instanceof TypeError) && /^"[^"]+" expected /.test(error.message)
  );
}

/** One to three lines for standard error. */
export function errorText({ message, hint }: ErrorDescription): string {
  return `softmargin: ${visibleText(message)}\n${hint === null ? '' : `  ${visibleText(hint)}\n`}`;
}
