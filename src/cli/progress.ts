/** A progress bar on a terminal; elsewhere it writes nothing. */
export interface Progress {
  /** `fraction` from 0 to 1, or null while the end is not known. */
  update(label: string, fraction: number | null, detail?: string): void;
  /** Takes the bar away. */
  clear(): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shorter work than this shows no bar. */
const DELAY_SECONDS = 0.5;
/** Redrawn at most this often: more is not seen, and each one costs a system call. */
const INTERVAL_SECONDS = 0.08;
const BAR_WIDTH = 24;
const ERASE_LINE = '\r\x1b[K';

export function createProgress(
  terminal: Terminal | null = process.stderr,
  seconds: () => number = () => performance.now() / 1000,
  drawable: boolean = process.env.TERM !== 'dumb',
): Progress {
  if (terminal?.isTTY !== true || !drawable) return { update() {}, clear() {} };
  const start = seconds();
  let lastDrawn = Number.NEGATIVE_INFINITY;
  let visible = false;
  return {
    update(label, fraction, detail = '') {
      const now = seconds();
      if (now - start < DELAY_SECONDS || now - lastDrawn < INTERVAL_SECONDS) return;
      lastDrawn = now;
      visible = true;
      const line = `${label} ${drawBar(fraction, now - start)} ${detail}`;
      terminal.write(ERASE_LINE + line.slice(0, (terminal.columns ?? 80) - 1));
    },
    clear() {
      if (visible) terminal.write(ERASE_LINE);
      visible = false;
    },
  };
}

function drawBar(fraction: number | null, elapsed: number): string {
  if (fraction === null) {
    const position = Math.floor(elapsed * 8) % BAR_WIDTH;
    return `[${' '.repeat(position)}=${' '.repeat(BAR_WIDTH - 1 - position)}]      `;
  }
  const share = Math.min(1, Math.max(0, fraction));
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}
