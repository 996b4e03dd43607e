/** What of the model tests runs: MODEL_SEED and MODEL_SEQUENCES choose; a failure prints both for the one that failed. */
import process from 'node:process';

const whole = (name: string, preset: number): number => {
  const value = Number(process.env[name] ?? preset);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number`);
  return value;
};

export const modelSeed = whole('MODEL_SEED', 1);
export const modelSequences = (preset: number): number => whole('MODEL_SEQUENCES', preset);
/** Milliseconds. */
export const modelTimeout = (sequences: number): number => 30_000 + sequences * 500;
