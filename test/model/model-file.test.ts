import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Encoding } from '../../src/data/encoding.ts';
import { ModelError } from '../../src/errors.ts';
import { fnv1a64 } from '../../src/model/checksum.ts';
import { Classifier } from '../../src/model/classifier.ts';
import type { ArrayData } from '../../src/model/fit-data.ts';
import { loadModel, modelText } from '../../src/model/model-file.ts';
import { checksumOf, type ModelContent, toModelJson } from '../../src/model/model-json.ts';
import type { FitOptions } from '../../src/model/options.ts';
import { fit, fitPath } from '../../src/node.ts';
import { exampleState } from '../twins/example-model.ts';
import { overlappingClasses } from './fit-samples.ts';

const encoding: Encoding = {
  target: 'species',
  missing: ['NA', '?'],
  columns: [
    { name: 'age', kind: 'numeric', fill: 38.5, indicator: true },
    { name: 'kind', kind: 'categorical', levels: ['a', 'b', 'ç'], missingLevel: false },
    { name: 'size', kind: 'categorical', levels: ['1'], missingLevel: true },
  ],
  unused: [],
};
const model = new Classifier(exampleState({ encoding }));
const text = modelText(model);

describe('modelText and loadModel', () => {
  test('a model comes back as it was, by text, by object and by JSON.stringify', () => {
    for (const json of [text, JSON.parse(text), JSON.stringify(model), model.toJSON(), `\ufeff${text}`]) {
      const again = loadModel(json);
      expect({ ...again }).toEqual({ ...model });
      expect(modelText(again)).toBe(text);
    }
  });

  test.each([
    ['hinge', { loss: 'hinge', margin: 2 }],
    ['elastic net', { penalty: 'elastic-net', beta: 0.5 }],
    ['no penalty', { penalty: 'none', lambda: 0 }],
    ['dropout', { dropout: 0.5 }],
  ] as const)('a model with %s comes back', (_, changes) => {
    const state = exampleState({
      problem: { ...exampleState().problem, ...changes },
      certificate: null,
      status: 'separable',
      separatedClasses: ['cat', '__proto__'],
      stationarity: Number.POSITIVE_INFINITY,
      featureNames: null,
      classes: ['ant', 'bee', 'cat', 'dög', '__proto__'],
    });
    expect({ ...loadModel(modelText(new Classifier(state))) }).toEqual({ ...new Classifier(state) });
  });

  test.each([[[3, -1, 0.5, 10, 2]], [['a', '', '1', 'x\ny', '\ud800']]])(
    'classes %j come back',
    (classes) => {
      const again = loadModel(modelText(new Classifier(exampleState({ classes }))));
      expect(again.classes).toEqual(classes);
    },
  );

  test('every double comes back bit for bit, −0 as 0', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 35, maxLength: 35 }),
        (w) => {
          const weights = Float64Array.from(w, (x) => x + 0);
          expect(loadModel(modelText(new Classifier(exampleState({ weights })))).weights).toEqual(weights);
        },
      ),
    );
  });

  test('a line for each row of weights and each column, keys in one order', () => {
    const lines = text.split('\n');
    expect(lines[0]).toBe('{');
    expect(lines[1]).toBe('  "format": "softmargin-model",');
    expect(lines[2]).toBe('  "version": 1,');
    expect(lines.filter((line) => line.startsWith('    ['))).toHaveLength(5);
    expect(lines.filter((line) => line.includes('"kind":"categorical"'))).toHaveLength(2);
    expect(text.endsWith('}\n')).toBe(true);
    const keys = text.match(/^ {2}"\w+"/gm)?.map((key) => key.slice(3, -1));
    expect(keys).toEqual([
      'format',
      'version',
      'checksum',
      'problem',
      'solution',
      'classes',
      'nFeatures',
      'featureNames',
      'encoding',
      'intercepts',
      'weights',
    ]);
  });

  test('the order of keys in memory does not change the bytes', () => {
    const turned = Object.fromEntries(Object.entries(exampleState().problem).reverse());
    const state = exampleState({ encoding, problem: turned as unknown as typeof model.problem });
    expect(modelText(new Classifier(state))).toBe(text);
  });
});

describe('every model that is fitted can be read back', () => {
  const samples = overlappingClasses(60, 3, 3, 5);
  const apart = { X: [[0], [1], [5], [6]], y: ['a', 'a', 'b', 'b'] };
  const same = (fitted: Classifier) => expect({ ...loadModel(modelText(fitted)) }).toEqual({ ...fitted });

  test.each<[string, FitOptions, ArrayData]>([
    ['softmax', {}, samples],
    ['a tight tolerance', { tolerance: 1e-15 }, samples],
    ['L1', { penalty: 'l1', lambda: 0.01 }, samples],
    ['L1 with every weight 0', { penalty: 'l1', lambda: 1e6 }, samples],
    ['a huge λ', { lambda: 1e12 }, samples],
    ['a tiny λ', { lambda: 1e-14 }, apart],
    ['elastic net', { penalty: 'elastic-net' }, samples],
    ['hinge', { loss: 'hinge', tolerance: 1e-9 }, samples],
    ['hinge of classes apart', { loss: 'hinge', lambda: 1e-12 }, apart],
    ['hinge with L1', { loss: 'hinge', penalty: 'l1', lambda: 0.01 }, samples],
    ['hinge without a penalty', { loss: 'hinge', penalty: 'none' }, apart],
    ['no penalty', { penalty: 'none' }, samples],
    ['classes apart', { penalty: 'none' }, apart],
    ['one iteration', { maxIterations: 1 }, samples],
    ['one iteration of hinge', { loss: 'hinge', maxIterations: 1 }, samples],
    ['dropout', { dropout: 0.3, maxIterations: 50 }, samples],
  ])('%s', async (_name, options, data) => same(await fit(data, options)));

  test.each(['l1', 'elastic-net'] as const)('a path with %s', async (penalty) => {
    const { models } = await fitPath(samples, { penalty, nLambdas: 12 });
    expect(models).toHaveLength(12);
    models.forEach(same);
  });
});

describe('what is no model is refused by name', () => {
  test.each([
    ['', /^not a model file, or a truncated one/],
    ['{', /^not a model file, or a truncated one/],
    [text.slice(0, -3), /^not a model file, or a truncated one/],
    ['[]', /^not a model file: "format"/],
    ['null', /^not a model file: "format"/],
    ['{"format":"other"}', /^not a model file: "format"/],
    [text.replace('"version": 1,', ''), /"version" is missing/],
    [text.replace('"version": 1', '"version": 2'), /reads version 1, and the file is of version 2/],
    [
      text.replace('"version": 1', '"version": [[[]]]'),
      /reads version 1, and the file is of version an array/,
    ],
    [text.replace('38.5', '38.25'), /does not match its checksum/],
    [text.replace('"cat"', '"cow"'), /does not match its checksum/],
    [text.replace('"bee"', '"ant"'), /"classes" holds "ant" more than once/],
    [text.replace('"bee"', '3'), /"classes\[1\]" expected a string, got 3/],
    [text.replace('"classes"', '"__proto__"'), /unknown field "__proto__"/],
    [
      text.replace('"nFeatures": 7', '"nFeatures": 1e15'),
      /"featureNames" expected 1000000000000000 items, got 7/,
    ],
    [text.replace('"nFeatures": 7', '"nFeatures": -7'), /"nFeatures" expected a whole number >= 1, got -7/],
    [
      text.replace('"fill":38.5', '"fill":1e999'),
      /"encoding.columns\[0\].fill" expected a finite number, got Infinity/,
    ],
    [
      text.replace('"kind":"numeric"', '"kind":"text"'),
      /"encoding.columns\[0\].kind" expected numeric \| categorical/,
    ],
    [text.replace('"indicator":true', '"indicator":false'), /make 6 features, and the weights have 7/],
    [
      text.replace('"indicator":true', '"indicator":1'),
      /"encoding.columns\[0\].indicator" expected true or false/,
    ],
    [text.replace('["a","b","ç"]', '["a","b","a"]'), /levels" holds "a" more than once/],
    [text.replace('"name":"kind"', '"name":"species"'), /holds "species" more than once/],
    [text.replace('"lambda":0.01', '"lambda":-1'), /"problem.lambda" expected a number >= 0, got -1/],
    [text.replace('"lambda":0.01', '"lambda":0'), /"problem.lambda" expected a number > 0 with a penalty/],
    [text.replace('"dropout":0', '"dropout":1'), /"problem.dropout" expected a number < 1/],
    [text.replace('"beta":null', '"beta":1'), /"problem.beta" expected null without elastic-net/],
    [text.replace('"margin":null', '"margin":1'), /"problem.margin" expected null without hinge/],
    [
      text
        .replace('"status":"converged"', '"status":"done"')
        .replace('"status": "converged"', '"status":"done"'),
      /"solution.status" expected converged/,
    ],
    [
      text.replace(/"lowerBound": ?0.42169999/, '"lowerBound":null'),
      /"solution.lowerBound" expected a number/,
    ],
    [
      text.replace(/"separatedClasses": ?\[\]/, '"separatedClasses":["cow"]'),
      /separatedClasses\[0\]" expected one of the classes/,
    ],
    [
      text.replace(/"separatedClasses": ?\[\]/, '"separatedClasses":["cat"]'),
      /separatedClasses" expected no classes unless the status is separable/,
    ],
    [
      text.replace(/"lowerBound": ?0.42169999/, '"lowerBound":1e9'),
      /"solution.lowerBound" expected .* no larger/,
    ],
    [
      text.replace(/"lowerBound": ?0.42169999/, '"lowerBound":-1'),
      /"solution.lowerBound" expected a number >= 0/,
    ],
    [
      text.replace(/"relativeGap": ?2.4e-8/, '"relativeGap":-5'),
      /"solution.relativeGap" expected a number >= 0/,
    ],
    [text.replace(/"relativeGap": ?2.4e-8/, '"relativeGap":0.5'), /"solution.relativeGap" expected 2.37/],
    [
      text.replace(/"relativeGap": ?2.4e-8/, '"relativeGap":null'),
      /"solution.relativeGap" expected a number/,
    ],
    [
      text.replace(/"tolerance": ?0.000001/, '"tolerance":1e-9'),
      /"solution.relativeGap" expected at most the tolerance 1e-9 with status converged/,
    ],
    [text.replace('"checksum"', '"extra": 1, "checksum"'), /unknown field "extra"/],
    [text.replace(/"objective": ?0.4217,/, ''), /field "solution.objective" is missing/],
  ])('case %#', (json, message) => {
    expect(json).not.toBe(text);
    expect(() => loadModel(json)).toThrow(ModelError);
    expect(() => loadModel(json)).toThrow(message);
  });

  test('deep nesting is refused, not followed', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const field of ['"version": 1', '"nFeatures": 7']) {
      expect(() => loadModel(text.replace(field, `${field.split(':')[0]}: ${deep}`))).toThrow(ModelError);
    }
    expect(() => loadModel(deep)).toThrow(ModelError);
  });

  test('an object with inherited fields is none', () => {
    expect(() => loadModel(Object.create(toModelJson(model)))).toThrow(ModelError);
  });
});

describe('thousands of damaged files', () => {
  /** What a file says, whatever its spelling. */
  const contentOf = (json: string) => JSON.stringify({ ...loadModel(json) });
  const original = contentOf(text);

  function refusedOrSame(json: string) {
    let content: string;
    try {
      content = contentOf(json);
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
      return;
    }
    expect(content).toBe(original);
  }

  test('changed, inserted and deleted characters: refused, or the same model', () => {
    const edit = fc.record({
      at: fc.nat({ max: text.length - 1 }),
      remove: fc.nat({ max: 4 }),
      insert: fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom(
          '0',
          '1',
          '-',
          '.',
          'e9',
          ',',
          '"',
          '[',
          ']',
          '{',
          '}',
          'null',
          'true',
          '\\',
          '[]',
          '"__proto__":',
        ),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let json = text;
        for (const { at, remove, insert } of edits)
          json = json.slice(0, at) + insert + json.slice(at + remove);
        refusedOrSame(json);
      }),
      { numRuns: 5000 },
    );
  });

  test('truncated anywhere: refused', () => {
    for (let length = 0; length < text.trimEnd().length; length++) {
      expect(() => loadModel(text.slice(0, length))).toThrow(ModelError);
    }
  });

  test('any JSON in the place of any value, its checksum mended: refused or a working model', () => {
    const content = JSON.parse(text) as ModelContent & { checksum: string };
    const paths = leafPaths(content).filter((path) => !['format', 'version', 'checksum'].includes(path[0]));
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 }), (path, value) => {
        const changed = structuredClone(content);
        replaceAt(changed, path, value);
        const { format, version, checksum, ...rest } = changed as typeof changed & Record<string, unknown>;
        const sum = Array.isArray(rest.weights) ? checksumOf(rest) : 'no rows to sum';
        const mended = { format, version, checksum: sum, ...rest };
        expect(checksum).toBeDefined();
        try {
          const loaded = loadModel(JSON.stringify(mended));
          expect(loaded.scores([[1, 0, 0, 1, 0, 1, 0]])).toHaveLength(5);
        } catch (error) {
          expect(error instanceof ModelError || /overflow/.test(String(error))).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

test('the checksum is FNV-1a 64 (test vectors of its authors)', () => {
  const digest = (...texts: string[]) => {
    const checksum = fnv1a64();
    for (const text of texts) checksum.update(text);
    return checksum.digest();
  };
  expect(digest()).toBe('cbf29ce484222325');
  expect(digest('a')).toBe('af63dc4c8601ec8c');
  expect(digest('foobar')).toBe('85944171f73967e8');
  expect(digest('foo', 'bar')).toBe('85944171f73967e8');
});

/** The path of every value in a JSON document, containers included. */
function leafPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, item]) => leafPaths(item, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

function replaceAt(root: object, path: readonly string[], value: unknown): void {
  let at = root as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path[path.length - 1]] = value;
}
