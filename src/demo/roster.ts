/** A roster of somebody's own, as a file: CSV or JSON, as the REST API takes them. */
import { readFileSync } from 'node:fs';

export type Roster = { csv: string } | { json: { enrollments: unknown } };

/** JSON: a list of enrollments, or { enrollments }. What is in it is for the service to judge. Throws an Error of one line. */
export const readRoster = (file: string): Roster => {
  const text = textOf(file);
  if (!/^\s*[[{]/.test(text)) return { csv: text };
  try {
    const json = JSON.parse(text) as { enrollments: unknown } | unknown[];
    return { json: Array.isArray(json) ? { enrollments: json } : json };
  } catch (error) {
    throw new Error(`--roster ${file} is no JSON: ${(error as Error).message}`);
  }
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new Error(`--roster ${file} cannot be read: ${(error as Error).message}`);
  }
};
