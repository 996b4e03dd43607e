/** Spans and their order, and a collector that comes and goes. */
import { diag } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { OtlpTracing, otlpTracing, reporting, tellDrops } from '../../src/tracing/otlp-tracing.ts';
import { during, NO_SPAN } from '../../src/tracing/tracing.ts';
import { Collector } from '../support/collector.ts';

/** How an exporter says so. */
const [TAKEN, REFUSED] = [0, 1];
const TRACEPARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

const LAST_SEND_MS = 2_000;

const recorded = () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const tracing = new OtlpTracing(provider.getTracer('test'), () => provider.shutdown());
  const spans = async () => {
    await provider.forceFlush();
    const found = exporter.getFinishedSpans();
    return (name: string) => {
      const span = found.find((it) => it.name === name);
      if (span === undefined) throw new Error(`no span ${name} among ${found.map((it) => it.name)}`);
      return span;
    };
  };
  return { tracing, spans };
};

test('a part lies below the span in whose run it is begun, also after a wait', async () => {
  const { tracing, spans } = recorded();
  const event = tracing.begin('event');
  await event.run(async () => {
    await Promise.resolve();
    await during(tracing.part('script'), Promise.resolve('answer'));
  });
  event.end();
  const named = await spans();
  expect(named('script').parentSpanContext?.spanId).toBe(named('event').spanContext().spanId);
  expect(named('event').parentSpanContext).toBeUndefined();
  expect(named('event').attributes['rollcast.code']).toBe('OK');
});

test('outside of any span nothing is recorded', async () => {
  const { tracing, spans } = recorded();
  expect(tracing.part('script')).toBe(NO_SPAN);
  expect(tracing.here()).toBeNull();
  expect(tracing.traceparent()).toBeNull();
  expect(await during(NO_SPAN, Promise.resolve(1))).toBe(1);
  tracing.begin('only').end();
  expect((await spans())('only').name).toBe('only');
});

test('what several asked for lies below the first and is linked to the others, each once', async () => {
  const { tracing, spans } = recorded();
  const asked = ['first', 'second', 'third'].map((name) => tracing.begin(name));
  const [first, second, third] = asked.map((span) => span.run(() => tracing.here()));
  tracing.from([null, first ?? null, second ?? null, second ?? null, third ?? null], () => tracing.part('turn').end());
  for (const span of asked) span.end();
  const named = await spans();
  const turn = named('turn');
  expect(turn.parentSpanContext?.spanId).toBe(named('first').spanContext().spanId);
  expect(turn.links.map(({ context }) => context.spanId)).toEqual(
    ['second', 'third'].map((name) => named(name).spanContext().spanId),
  );
});

test('work for nobody who is traced does not go on where somebody else was', async () => {
  const { tracing } = recorded();
  tracing.begin('somebody').run(() => {
    expect(tracing.here()).not.toBeNull();
    tracing.from([null], () => {
      expect(tracing.here()).toBeNull();
      expect(tracing.part('turn')).toBe(NO_SPAN);
    });
  });
});

test('what is not chosen runs below nothing, and least of all below what surrounds it', () => {
  const sampler = new ParentBasedSampler({ root: new AlwaysOffSampler() });
  const tracing = new OtlpTracing(new TracerProvider({ sampler }).getTracer('test'), async () => {});
  tracing.begin('chosen by another', {}, TRACEPARENT).run(() => {
    expect(tracing.traceparent()).toMatch(/^00-(ab){16}-/);
    tracing.begin('not chosen').run(() => {
      expect(tracing.traceparent()).toBeNull();
      expect(tracing.part('script')).toBe(NO_SPAN);
    });
  });
});

test('the first end of a span is its end', async () => {
  const { tracing, spans } = recorded();
  const span = tracing.begin('request');
  span.end('ABORTED');
  span.end('OK');
  expect((await spans())('request').attributes['rollcast.code']).toBe('ABORTED');
});

test('spans that are dropped are told of, once a minute', () => {
  const told: string[] = [];
  let now = 0;
  tellDrops(
    (why) => told.push(why),
    () => now,
  );
  diag.warn('Dropped 5 spans');
  diag.warn('Dropped 6 spans');
  diag.debug('of no interest');
  now = 60_000;
  diag.error('Timeout');
  diag.disable();
  expect(told).toEqual(['Dropped 5 spans', 'Timeout']);
});

test('a traceparent is gone on from later, and what is none begins anew', async () => {
  const { tracing, spans } = recorded();
  const ending = tracing.begin('end', {}, TRACEPARENT);
  const traceparent = ending.run(() => tracing.traceparent());
  ending.end();
  tracing.begin('archive', {}, traceparent).end();
  for (const [i, none] of ['', 'nonsense', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`].entries()) {
    tracing.begin(`anew ${i}`, {}, none).end();
  }
  const named = await spans();
  expect(traceparent).toMatch(/^00-(ab){16}-[0-9a-f]{16}-01$/);
  expect(named('archive').spanContext().traceId).toBe('ab'.repeat(16));
  expect(named('archive').parentSpanContext?.spanId).toBe(named('end').spanContext().spanId);
  for (const i of [0, 1, 2]) expect(named(`anew ${i}`).parentSpanContext).toBeUndefined();
});

test('a refusal is a code, and an error only when it accuses us', async () => {
  const { tracing, spans } = recorded();
  const closed = during(tracing.begin('closed'), Promise.reject(refuse('CHECKIN_CLOSED')));
  await expect(closed).rejects.toThrow();
  const broken = during(tracing.begin('broken'), Promise.reject(new Error('Ada Lovelace')));
  await expect(broken).rejects.toThrow();
  const named = await spans();
  expect(named('closed').attributes['rollcast.code']).toBe('CHECKIN_CLOSED');
  expect(named('closed').status.code).toBe(0);
  expect(named('broken').attributes['rollcast.code']).toBe('INTERNAL');
  expect(named('broken').status).toEqual({ code: 2, message: 'INTERNAL' });
});

test('a collector that is away is told once, and once when it is back', () => {
  const told: string[] = [];
  let takes = false;
  const exporter = reporting(
    {
      export: (_spans, done) => done(takes ? { code: TAKEN } : { code: REFUSED, error: new Error('away\nfar away') }),
      shutdown: async () => {},
    },
    { lost: (why) => told.push(`lost: ${why}`), restored: () => told.push('restored') },
  );
  const send = () => exporter.export([], () => {});
  send();
  send();
  takes = true;
  send();
  send();
  takes = false;
  send();
  expect(told).toEqual(['lost: away', 'restored', 'lost: away']);
});

test('with a ratio of 0 nothing is recorded, but what goes on from a recorded trace is', async () => {
  const collector = await Collector.start();
  const tracing = otlpTracing({
    endpoint: collector.url,
    headers: { authorization: 'Bearer of-the-collector' },
    ratio: 0,
    version: '1.2.3',
    instance: 'node-a',
    reports: { lost: (why) => expect.fail(why), restored: () => {} },
  });
  tracing.begin('event').run(() => expect(tracing.here()).toBeNull());
  tracing.begin('archive', { 'rollcast.session_id': 's1', 'rollcast.tries': 2 }, TRACEPARENT).end();
  await tracing.close(LAST_SEND_MS);
  expect(collector.spans.map(({ name }) => name)).toEqual(['archive']);
  const [archive] = collector.spans;
  expect(archive).toMatchObject({ traceId: 'ab'.repeat(16), parentSpanId: 'cd'.repeat(8) });
  expect(archive?.attributes).toMatchObject({
    'rollcast.session_id': 's1',
    'rollcast.tries': 2,
    'rollcast.code': 'OK',
  });
  expect(archive?.resource).toMatchObject({
    'service.name': 'rollcast',
    'service.version': '1.2.3',
    'service.instance.id': 'node-a',
  });
  expect(collector.headers[0]?.authorization).toBe('Bearer of-the-collector');
  await collector.stop();
});

test('the end does not wait for a collector that does not answer', async () => {
  const tracing = new OtlpTracing(new TracerProvider().getTracer('test'), () => new Promise(() => {}));
  await tracing.close(1);
});
