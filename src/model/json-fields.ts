import { ModelError } from '../errors.ts';

/** One value of a model file together with its place, for checks whose errors name the field. */
export interface Field {
  /** "solution.objective", "weights[2]" */
  readonly path: string;
  readonly value: unknown;
}

export function refuse({ path, value }: Field, expectation: string): never {
  throw new ModelError(`model file: "${path}" expected ${expectation}, got ${shown(value)}`, { field: path });
}

/** The object's own fields, which must be exactly `names`: what is unknown or missing is refused. */
export function fieldsOf<Name extends string>(
  field: Field,
  names: readonly Name[],
): Readonly<Record<Name, Field>> {
  const { path, value } = field;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field, 'an object');
  // A Map, so that a key such as "__proto__" is a key like any other.
  const entries = new Map<string, unknown>(Object.entries(value));
  const inside = (name: string) => (path === '' ? name : `${path}.${name}`);
  for (const key of entries.keys()) {
    if (!(names as readonly string[]).includes(key)) {
      throw new ModelError(`model file: unknown field ${shown(inside(key))}`, { field: inside(key) });
    }
  }
  const fields = {} as Record<Name, Field>;
  for (const name of names) {
    if (!entries.has(name)) {
      throw new ModelError(`model file: field "${inside(name)}" is missing`, { field: inside(name) });
    }
    fields[name] = { path: inside(name), value: entries.get(name) };
  }
  return fields;
}

/** The array's items, each read by `read`. */
export function arrayOf<T>(field: Field, read: (item: Field) => T, length?: number): T[] {
  if (!Array.isArray(field.value)) refuse(field, 'an array');
  const items: readonly unknown[] = field.value;
  if (length !== undefined && items.length !== length) {
    throw new ModelError(`model file: "${field.path}" expected ${length} items, got ${items.length}`, {
      field: field.path,
    });
  }
  return Array.from(items, (value, i) => read({ path: `${field.path}[${i}]`, value }));
}

/** null, or what `read` makes of it. */
export function nullable<T>(field: Field, read: (field: Field) => T): T | null {
  return field.value === null ? null : read(field);
}

export function finiteNumber(field: Field): number {
  if (typeof field.value !== 'number' || !Number.isFinite(field.value)) refuse(field, 'a finite number');
  return field.value;
}

export function numberAtLeast(least: number): (field: Field) => number {
  return (field) => {
    const value = finiteNumber(field);
    if (value < least) refuse(field, `a number >= ${least}`);
    return value;
  };
}

export function wholeNumber(least: number): (field: Field) => number {
  return (field) => {
    if (!Number.isSafeInteger(field.value) || Number(field.value) < least) {
      refuse(field, `a whole number >= ${least}`);
    }
    return Number(field.value);
  };
}

export function text(field: Field): string {
  if (typeof field.value !== 'string') refuse(field, 'a string');
  return field.value;
}

export function flag(field: Field): boolean {
  if (typeof field.value !== 'boolean') refuse(field, 'true or false');
  return field.value;
}

export function choice<T extends string>(choices: readonly T[]): (field: Field) => T {
  return (field) => choices.find((name) => name === field.value) ?? refuse(field, choices.join(' | '));
}

/** Throws where a value comes twice. */
export function expectDistinct(path: string, values: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const value of values) {
    if (seen.has(value)) {
      throw new ModelError(`model file: "${path}" holds ${shown(value)} more than once`, { field: path });
    }
    seen.add(value);
  }
}

const LONGEST_SHOWN = 60;

/** A value as messages show it: short, and never deep. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
}
