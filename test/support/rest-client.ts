/** REST as a client uses it: by the names of the route table, every answer held against its schema. */
import type { Static, TSchema } from 'typebox';
import { expect } from 'vitest';
import type { ErrorCode } from '../../src/contract/errors.ts';
import { Problem } from '../../src/contract/rest-shapes.ts';
import { API_PREFIX, type RouteRow, routes } from '../../src/contract/routes.ts';
import { strictly, wrongWithAnswer } from './wire-check.ts';

export type RouteName = keyof typeof routes;
type Row<N extends RouteName> = (typeof routes)[N];
type Success<A> = A[keyof A];
type AnswerOf<N extends RouteName> =
  Success<Row<N>['answers']> extends infer S ? (S extends TSchema ? Static<S> : string) : never;

export type RestInput = {
  /** Values for `:id` and `:student_id`. */
  params?: Record<string, string>;
  query?: Record<string, string | number>;
  body?: unknown;
  /** Instead of application/json. */
  contentType?: string;
  headers?: Record<string, string>;
};
type RestAnswer = { status: number; body: unknown; text: string; headers: Headers };
type ProblemBody = Static<typeof Problem>;

const DEADLINE_MS = 20_000;
const wrongWithProblem = strictly(Problem as TSchema);

export class RestClient {
  readonly url: string;
  private readonly token: string | null;

  constructor(url: string, token: string | null) {
    this.url = url;
    this.token = token;
  }

  /** Whatever the answer is; a success and a problem are both held against their schemas. */
  async send(name: RouteName, input: RestInput = {}): Promise<RestAnswer> {
    const row: RouteRow = routes[name];
    const path = row.path.replace(/:(\w+)/g, (_all, key: string) => encodeURIComponent(input.params?.[key] ?? ''));
    const query = new URLSearchParams(
      Object.entries(input.query ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
    );
    const url = `${this.url}${API_PREFIX}${path}${query.size > 0 ? `?${query}` : ''}`;
    const answer = await this.fetch(row.method, url, input);
    const wrong =
      answer.status < 300 ? wrongWithAnswer(row, answer.status, answer.body) : wrongWithProblem(answer.body);
    if (wrong !== null) throw new Error(`${name} does not keep the contract: ${wrong}\n${answer.text.slice(0, 500)}`);
    return answer;
  }

  /** The answer to a request that must succeed. */
  async call<N extends RouteName>(name: N, input: RestInput = {}): Promise<AnswerOf<N>> {
    const { status, body, text } = await this.send(name, input);
    if (status >= 300) throw new Error(`${name} answered ${status}: ${text}`);
    return body as AnswerOf<N>;
  }

  /** The problem of a request that must be refused with this code. */
  async refused(name: RouteName, code: ErrorCode, input: RestInput = {}): Promise<ProblemBody> {
    const { body } = await this.send(name, input);
    expect(body, `${name} should be refused`).toMatchObject({ code });
    return body as ProblemBody;
  }

  private async fetch(
    method: string,
    url: string,
    { body, contentType, headers = {} }: RestInput,
  ): Promise<RestAnswer> {
    const all: Record<string, string> = { ...headers };
    if (this.token !== null) all.authorization = `Bearer ${this.token}`;
    if (body !== undefined) all['content-type'] = contentType ?? 'application/json';
    const response = await fetch(url, {
      method,
      headers: all,
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString('utf8');
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text };
  }
}
