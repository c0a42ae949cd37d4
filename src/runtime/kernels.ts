/** Kernels that work shard by shard: `kernel(task, shard)`. */
export type ShardKernel = keyof KernelExports & string;

/** What the wasm module exports. */
export interface KernelExports {
  abiVersion(): number;
}
