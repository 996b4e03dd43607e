/**
 * The model test: random sequences of commands, the pure domain one at a time beside the store in batches.
 * MODEL_SEED and MODEL_SEQUENCES choose what runs; a failure prints both for the one sequence that failed.
 */
import process from 'node:process';
import { test } from 'vitest';
import { runModel } from '../suites/live-model-run.ts';
import { makeEmbeddedUnsynced } from '../support/embedded.ts';

const whole = (name: string, preset: number): number => {
  const value = Number(process.env[name] ?? preset);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number`);
  return value;
};

const seed = whole('MODEL_SEED', 1);
const sequences = whole('MODEL_SEQUENCES', 2_000);

test(
  `the embedded store agrees with the model (MODEL_SEED=${seed} MODEL_SEQUENCES=${sequences})`,
  async () => {
    console.log(`model test of the embedded store: MODEL_SEED=${seed} MODEL_SEQUENCES=${sequences}`);
    await runModel({ make: makeEmbeddedUnsynced, seed, sequences });
  },
  30_000 + sequences * 60,
);
