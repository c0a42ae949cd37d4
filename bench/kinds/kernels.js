// One pass of the kernels on one thread, against what this machine can do at most.
import { table } from '../format.js';
import { kernelSet } from '../kernel-set.js';
import { leastPossible, machineLimits } from '../machine-limits.js';
import { median } from '../statistics.js';

const REPEATS = 15;
let limits = null;

export async function measure(benchCase) {
  limits ??= await machineLimits();
  const { kernels, plain, flops, bytes } = kernelSet(benchCase.size);
  const lines = Object.entries(kernels).map(([kernel, pass]) => {
    const isDouble = /double|certificate/.test(kernel);
    const arithmetic = isDouble ? limits.double : limits.single;
    const least = leastPossible({ flops, bytes }, { arithmetic, bandwidth: limits.bandwidth });
    const seconds = processorSeconds(pass, REPEATS);
    return { kernel, seconds, rate: flops / seconds, bound: least.bound, share: least.seconds / seconds };
  });
  return { ...benchCase, limits, plain: processorSeconds(plain, 3), kernels: lines };
}

/** Median processor time, since the machine may be busy with other things. */
function processorSeconds(work, repeats) {
  work();
  const times = Array.from({ length: repeats }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return median(times);
}

export function kernelTable(results) {
  const rows = results.flatMap(({ name, kernels, plain }) =>
    kernels.map(({ kernel, seconds, rate, bound, share }) => [
      name,
      kernel,
      `${(1000 * seconds).toFixed(2)} ms`,
      `${(rate / 1e9).toFixed(1)}`,
      `${(100 * share).toFixed(0)} % of ${bound}`,
      `${(plain / seconds).toFixed(0)} ×`,
    ]),
  );
  const { single, double, bandwidth } = results[0].limits;
  const billions = (value) => (value / 1e9).toFixed(1);
  const head = [
    'case',
    'pass',
    'one thread',
    'GFLOP/s',
    'of the limit that binds',
    'against plain JavaScript',
  ];
  return `## Kernels against the machine

One thread reaches ${billions(single)} GFLOP/s in single precision, ${billions(double)} in double (wasm SIMD, multiplications and additions
on registers), and moves ${billions(bandwidth)} GB/s (a copy, read and written). A pass over dense rows has to do 4 n d K operations
and to read X once; padding, exponentials and the gathers of sparse rows are not counted and so show as distance.

${table(head, rows)}`;
}
