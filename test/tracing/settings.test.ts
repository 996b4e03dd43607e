import { expect, test } from 'vitest';
import { ConfigError, maskedConfig, readConfig } from '../../src/config.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.edu/otlp/' };

test('traces are off, and of all that is traced everything is recorded, unless it is set otherwise', () => {
  expect(readConfig({}).OTEL_EXPORTER_OTLP_ENDPOINT).toBeUndefined();
  const config = readConfig(endpoint);
  expect(config.OTEL_EXPORTER_OTLP_ENDPOINT).toBe('https://collector.example.edu/otlp');
  expect(config.OTEL_TRACES_SAMPLER_ARG).toBe(1);
  expect(readConfig({ OTEL_TRACES_SAMPLER_ARG: '0.05' }).OTEL_TRACES_SAMPLER_ARG).toBe(0.05);
});

test('headers are decoded, and are a secret', () => {
  const config = readConfig({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi, x-tenant=a' });
  expect(config.OTEL_EXPORTER_OTLP_HEADERS).toEqual({ authorization: 'Basic YTpi', 'x-tenant': 'a' });
  expect(JSON.stringify(maskedConfig(config))).not.toContain('YTpi');
});

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', 'must be a URL beginning with https:// or http://'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://me:secret@collector', 'must be a URL without a user'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=b,secret', 'must be name=value, comma-separated; number 2 is not'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%zz', 'has a value that is not percent-encoded: a'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5', 'must be a number from 0 to 1'],
  ['OTEL_TRACES_SAMPLER_ARG', 'all', 'must be a number from 0 to 1'],
])('%s=%s is refused in one line without the value', (name, value, message) => {
  const read = () => readConfig({ [name]: value });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(`${name} ${message}`);
  expect(read).not.toThrow('secret@');
});
