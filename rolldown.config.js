// The command line and the workers, each in few files: loading some 140 modules one by one took the program
// three times as long to start as `node -e 0`; bundled it takes about half of that. Two folders below the
// package, like the sources, so that relative URLs to wasm/ and dist/ hold.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: {
    main: 'dist/cli/main.js',
    'kernel-worker': 'dist/runtime/kernel-worker.js',
    'training-worker': 'dist/model/training-worker.js',
  },
  platform: 'node',
  output: { dir: 'dist/program', format: 'esm', cleanDir: true },
});
