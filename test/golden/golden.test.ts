import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { LossName, PenaltyName } from '../../src/model/options.ts';
import { type FitOptions, fit, parseTable } from '../../src/node.ts';

interface GoldenCase {
  readonly data: string;
  readonly loss: LossName;
  readonly margin: number | null;
  readonly penalty: PenaltyName;
  readonly lambda: number;
  readonly beta: number | null;
  readonly objective: number;
  readonly by: string;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const { cases }: { cases: GoldenCase[] } = JSON.parse(readFileSync(here('golden.json'), 'utf8'));
/** The objective may miss an independent optimum by so much, relatively, on either side. */
const AGREEMENT = 1e-6;

function table(name: string) {
  if (name === 'sparse') return parseTable(readFileSync(here('sparse.svm'), 'utf8'), { format: 'libsvm' });
  const [file, rows] = name === 'digits-300' ? ['digits', 301] : [name, Number.POSITIVE_INFINITY];
  const text = readFileSync(here(`../../examples/${file}.csv`), 'utf8');
  const lines = text.trim().split('\n').slice(0, rows);
  return parseTable(lines.join('\n'), { target: lines[0].split(',').at(-1) ?? '' });
}

describe('the optimum is that of independent software within 1e-6', () => {
  for (const { data, loss, margin, penalty, lambda, beta, objective, by } of cases) {
    const name = `${data}, ${loss}${margin === null || margin === 1 ? '' : ` with margin ${margin}`}, ${penalty}, λ = ${lambda}: ${by}`;
    test(name, async () => {
      const options: FitOptions = {
        loss,
        penalty,
        lambda,
        tolerance: 1e-7,
        ...(margin === null ? {} : { margin }),
        ...(beta === null ? {} : { beta }),
      };
      const { certificate, status, objective: found } = await fit(await table(data), options);
      if (penalty === 'none') {
        expect(status).toBe('converged');
      } else {
        expect(certificate?.relativeGap).toBeLessThanOrEqual(1e-7);
        expect(certificate?.lowerBound).toBeLessThanOrEqual(objective * (1 + AGREEMENT));
      }
      expect(Math.abs(found - objective) / objective).toBeLessThanOrEqual(AGREEMENT);
    });
  }
});
