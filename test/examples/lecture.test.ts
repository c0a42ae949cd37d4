import { expect, test } from 'vitest';
import { lecture } from '../../examples/lecture.ts';

test("examples/lecture.ts prints the lecture's own numbers", async () => {
  const lines = await lecture();
  expect(lines.slice(1, 5)).toEqual([
    'cat    score  3.2   exp  24.53   probability 0.1300',
    'car    score  5.1   exp 164.02   probability 0.8690',
    'frog   score -1.7   exp   0.18   probability 0.0010',
    'loss -log(0.1300) = 2.0404   (0.886 with log10, as old slides have it)',
  ]);
  expect(lines).toContain('cat    scores 3.2, 5.1, -1.7   loss 2.9');
  expect(lines).toContain('car    scores 1.3, 4.9, 2   loss 0');
  expect(lines).toContain('frog   scores 2.2, 2.5, -3.1   loss 12.9');
  expect(lines).toContain('mean loss 5.2667');
  expect(lines).toContain('the car with W: loss 0; with 2W: loss 0: without a penalty W is not unique');
  expect(lines).toContain('w = (1, 0, 0, 0)   L2 1   L1 1');
  expect(lines).toContain('w = (0.25, 0.25, 0.25, 0.25)   L2 0.25   L1 1');
  expect(lines.find((line) => line.startsWith('lambda 0:'))).toMatch(
    /status separable, classes that separate: left, right/,
  );
  expect(lines.find((line) => line.startsWith('lambda 0.1:'))).toMatch(/status converged/);
});
