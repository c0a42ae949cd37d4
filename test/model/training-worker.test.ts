import { expect, test } from 'vitest';
import type { TrainingReport } from '../../src/model/training-message.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';

test('a setup that fails is told in answer to every fit, and not before', async () => {
  const worker = nodePlatform.spawn('training');
  try {
    const reports: TrainingReport[] = [];
    const both = new Promise<void>((resolve, reject) => {
      worker.onMessage((message) => {
        reports.push(message as TrainingReport);
        if (reports.length === 2) resolve();
      });
      worker.onError(reject);
    });
    worker.post({ module: await nodePlatform.loadKernels(), memory: 'none' });
    worker.post({});
    worker.post({});
    await both;
    const errors = reports.map((report) => report.kind === 'error' && report.error.name);
    expect(errors).toEqual(['LinkError', 'LinkError']);
  } finally {
    worker.terminate();
  }
});
