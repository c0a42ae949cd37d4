import { ExitStatus } from './exit-status.ts';

/**
 * A signal that SIGINT and SIGTERM abort, so that the work can end in good order; the second one ends the
 * process at once.
 */
export function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(ExitStatus.interrupted);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}
