/**
 * Traces by OpenTelemetry's SDK, sent by OTLP over HTTP as JSON. Loaded only when traces are wanted; the build bundles this
 * file with the SDK, so that a production install need not hold it (docs/adr/0015-traces-bundled.md).
 *
 * A collector that is slow or away costs nobody anything: what does not fit the queue is dropped.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  DiagLogLevel,
  diag,
  isSpanContextValid,
  type Link,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Attributes, NO_SPAN, type Place, type Span, type Tracing } from './tracing.ts';

export type OtlpOptions = {
  /** OTLP over HTTP; `/v1/traces` is put behind it. */
  endpoint: string;
  headers: Record<string, string>;
  /** Of the traces that begin here, between 0 and 1; those that go on from another are recorded if that was. */
  ratio: number;
  version: string;
  /** Which node this is. */
  instance: string;
  /** Once each time that the collector does not take what it is sent, or does so again; why: one line. */
  reports: { lost(why: string): void; restored(): void };
};

/** A turn may have hundreds of askers; a span names so many of them. */
const LINKS_MAX = 32;
const EXPORT_TIMEOUT_MS = 5_000;
const SEND_EVERY_MS = 1_000;
const SUCCESS = 0;
/** Spans that do not fit are told of no oftener. */
const DROPS_TOLD_EVERY_MS = 60_000;

/** Where a span runs: what lies below it, and what its parts are linked to. */
type Current = { context: Context; links: Link[] };

export const otlpTracing = (options: OtlpOptions): Tracing => {
  const { endpoint, headers, ratio, version, instance, reports } = options;
  const ours = resourceFromAttributes({
    'service.name': 'rollcast',
    'service.version': version,
    'service.instance.id': instance,
  });
  // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, as everywhere.
  const resource = defaultResource()
    .merge(ours)
    .merge(detectResources({ detectors: [envDetector] }));
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const processor = new BatchSpanProcessor({
    exporter: reporting(exporter, reports),
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  tellDrops(reports.lost);
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  const provider = new TracerProvider({ resource, sampler, spanProcessors: [processor] });
  return new OtlpTracing(provider.getTracer('rollcast', version), () => provider.shutdown());
};

export class OtlpTracing implements Tracing {
  private readonly tracer: Tracer;
  private readonly shutdown: () => Promise<void>;
  private readonly current = new AsyncLocalStorage<Current | null>();

  constructor(tracer: Tracer, shutdown: () => Promise<void>) {
    this.tracer = tracer;
    this.shutdown = shutdown;
  }

  begin(name: string, attributes: Attributes = {}, below: string | null = null): Span {
    return this.open(name, attributes, { context: contextOf(below), links: [] });
  }

  part(name: string, attributes: Attributes = {}): Span {
    const current = this.current.getStore();
    return current ? this.open(name, attributes, current) : NO_SPAN;
  }

  here(): Place | null {
    return this.current.getStore() ?? null;
  }

  from<T>(places: readonly (Place | null)[], work: () => T): T {
    const [first, ...others] = new Set(places.filter((it) => it !== null) as Current[]);
    if (first === undefined) return this.current.run(null, work);
    const links = others.slice(0, LINKS_MAX).flatMap(({ context }) => trace.getSpanContext(context) ?? []);
    return this.current.run({ context: first.context, links: links.map((context) => ({ context })) }, work);
  }

  traceparent(): string | null {
    const current = this.current.getStore();
    const span = current ? trace.getSpanContext(current.context) : undefined;
    return span === undefined ? null : `00-${span.traceId}-${span.spanId}-0${span.traceFlags & TraceFlags.SAMPLED}`;
  }

  async close(within_ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, within_ms);
    });
    await Promise.race([this.shutdown().catch(() => {}), late]);
    clearTimeout(timer);
  }

  private open(name: string, attributes: Attributes, { context, links }: Current): Span {
    const span = this.tracer.startSpan(name, { attributes, links }, context);
    // Not chosen: nothing below it is recorded either, and least of all below what surrounds it.
    if (!span.isRecording()) return { run: (work) => this.current.run(null, work), end: () => {} };
    const below: Current = { context: trace.setSpan(context, span), links: [] };
    return {
      run: (work) => this.current.run(below, work),
      end: (code = 'OK', failed = false) => {
        if (span.isRecording()) ended(span, code, failed);
      },
    };
  }
}

const ended = (span: OtelSpan, code: string, failed: boolean): void => {
  span.setAttribute('rollcast.code', code);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  span.end();
};

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What is no traceparent is none. */
const contextOf = (traceparent: string | null): Context => {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(span) ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT;
};

/** The SDK says what it drops to a logger of its own alone. */
export const tellDrops = (lost: (why: string) => void, now: () => number = () => performance.now()): void => {
  let told_at = Number.NEGATIVE_INFINITY;
  const warn = (message: string): void => {
    if (now() - told_at < DROPS_TOLD_EVERY_MS) return;
    told_at = now();
    lost(message);
  };
  const nothing = (): void => {};
  const logger = { error: warn, warn, info: nothing, debug: nothing, verbose: nothing };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
};

/** Says once that sending fails, and once that it works again. */
export const reporting = (exporter: SpanExporter, reports: OtlpOptions['reports']): SpanExporter => {
  let away = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== SUCCESS;
        if (failed && !away) reports.lost(lineOf(result.error));
        if (!failed && away) reports.restored();
        away = failed;
        // It has been told; as an error it would be told again, for each batch.
        done({ code: SUCCESS });
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
};

const lineOf = (error: Error | undefined): string => error?.message.split('\n')[0] || 'not taken';
