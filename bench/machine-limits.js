// What one thread of this machine can do at most: multiply and add, and move bytes.
import { setTimeout } from 'node:timers/promises';
import asc from 'assemblyscript/asc';

/** Twelve independent sums hide the latency of a multiplication and an addition; fewer lanes would wait for them. */
const ACCUMULATORS = 12;

/** Multiplies and adds in `lanes` (f32x4, f64x2) on registers alone. */
function arithmeticSource(name, lanes, scalar) {
  const every = (line) => Array.from({ length: ACCUMULATORS }, (_, i) => line(i)).join('\n');
  return `
    export function ${name}(rounds: i32): ${scalar} {
      const factor = ${lanes}.splat(<${scalar}>0.999);
      const term = ${lanes}.splat(<${scalar}>0.001);
      ${every((i) => `let a${i} = ${lanes}.splat(<${scalar}>${i});`)}
      for (let round = 0; round < rounds; round++) {
        ${every((i) => `a${i} = ${lanes}.add(${lanes}.mul(a${i}, factor), term);`)}
      }
      ${every((i) => (i === 0 ? '' : `a0 = ${lanes}.add(a0, a${i});`))}
      return ${lanes}.extract_lane(a0, 0);
    }`;
}

const SOURCE = `
  ${arithmeticSource('single', 'f32x4', 'f32')}
  ${arithmeticSource('double', 'f64x2', 'f64')}
  export function copy(bytes: i32): void {
    memory.copy(1024 + bytes, 1024, bytes);
  }`;

/** Larger than any cache. */
const COPIED = 1 << 28;
const ROUNDS = 200_000;

/** Of one thread: `single` and `double` in flops per second, `bandwidth` in bytes per second, read and written. */
export async function machineLimits() {
  const { binary, stderr } = await asc.compileString(SOURCE, {
    optimizeLevel: 3,
    runtime: 'stub',
    enable: ['simd'],
    initialMemory: Math.ceil((2 * COPIED + 2048) / 65536),
  });
  if (!binary) throw new Error(`the limits' kernels do not compile: ${stderr.toString()}`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {
    env: { abort() {} },
  });
  const rate = async (amount, work, runs) => amount / (await leastSeconds(work, runs));
  return {
    single: await rate(ROUNDS * ACCUMULATORS * 4 * 2, () => exports.single(ROUNDS), 80),
    double: await rate(ROUNDS * ACCUMULATORS * 2 * 2, () => exports.double(ROUNDS), 80),
    bandwidth: await rate(2 * COPIED, () => exports.copy(COPIED), 7),
  };
}

/** The seconds that this much work needs at least, and which limit says so. */
export function leastPossible({ flops, bytes }, { arithmetic, bandwidth }) {
  const computing = flops / arithmetic;
  const moving = bytes / bandwidth;
  return computing >= moving
    ? { seconds: computing, bound: 'arithmetic' }
    : { seconds: moving, bound: 'memory' };
}

/** The engine compiles a hot function anew beside us; pauses let it, and the least of many runs is its best code's. */
async function leastSeconds(work, runs) {
  let least = Infinity;
  for (let i = 0; i < runs; i++) {
    const begin = performance.now();
    work();
    least = Math.min(least, (performance.now() - begin) / 1000);
    await setTimeout(2);
  }
  return least;
}
