/** What collects traces: a server that takes OTLP over HTTP, as JSON, and keeps the spans. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.ts';

type Value = { stringValue?: string; intValue?: number | string };
type SentSpan = {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: Value }[];
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number };
};
type Sent = {
  resourceSpans: { resource: { attributes: SentSpan['attributes'] }; scopeSpans: { spans: SentSpan[] }[] }[];
};

export type CollectedSpan = Omit<SentSpan, 'attributes' | 'links'> & {
  attributes: Record<string, string | number>;
  links: { traceId: string; spanId: string }[];
  /** Of who sent it. */
  resource: Record<string, string | number>;
};

const plain = (attributes: SentSpan['attributes']): Record<string, string | number> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? Number.NaN)] as const),
  );

export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** Everything that was sent, as it came. */
  text = '';
  headers: IncomingHttpHeaders[] = [];
  /** Refuses from now on. */
  refuses = false;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const takes = !this.refuses && request.method === 'POST' && request.url === '/v1/traces';
        if (takes) this.take(Buffer.concat(chunks).toString(), request.headers);
        response.writeHead(takes ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }

  static async start(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves with a span that is fit. */
  async span(what: string, fits: (span: CollectedSpan) => boolean): Promise<CollectedSpan> {
    const found = await until(`the span ${what} is collected`, () => this.spans.find(fits) ?? null);
    return found as CollectedSpan;
  }

  /** The spans right below. */
  below({ traceId, spanId }: CollectedSpan): CollectedSpan[] {
    return this.spans.filter((it) => it.traceId === traceId && it.parentSpanId === spanId);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(text: string, headers: IncomingHttpHeaders): void {
    this.text += text;
    this.headers.push(headers);
    const { resourceSpans } = JSON.parse(text) as Sent;
    for (const { resource, scopeSpans } of resourceSpans) {
      const from = plain(resource.attributes);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({ ...span, attributes: plain(span.attributes), links: span.links ?? [], resource: from });
      }
    }
  }
}
