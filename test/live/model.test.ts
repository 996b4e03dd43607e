/** The model test: random sequences of commands, the pure domain one at a time beside the store in batches. */
import { test } from 'vitest';
import { modelSeed, modelSequences, modelTimeout } from '../suites/live-model-options.ts';
import { runModel } from '../suites/live-model-run.ts';
import { makeEmbeddedUnsynced } from '../support/embedded.ts';

const sequences = modelSequences(2_000);

test(
  `the embedded store agrees with the model (MODEL_SEED=${modelSeed} MODEL_SEQUENCES=${sequences})`,
  async () => {
    console.log(`model test of the embedded store: MODEL_SEED=${modelSeed} MODEL_SEQUENCES=${sequences}`);
    await runModel({ make: makeEmbeddedUnsynced, seed: modelSeed, sequences });
  },
  modelTimeout(sequences),
);
