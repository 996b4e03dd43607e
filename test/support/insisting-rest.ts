/** REST as a system uses it that does not give up: what was not answered, or may work later, is sent again as it was. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RestClient, RestInput, RouteName } from './rest-client.ts';

const AGAIN_AFTER_MS = 250;
/** A service that is away for that many answers does not come back. */
const MAX_TRIES = 60;
const HTTP_ERRORS_FROM = 500;
const CONFLICT = 409;

type Answer = { status: number; body: unknown; text: string };

export class InsistingRest {
  requests = 0;
  /** What came of tries that were not accepted: "<route> <status> <code>", or "<route> <why the connection failed>". */
  readonly refusals: string[] = [];

  /**
   * Sends until it is accepted. Throws when it is refused for a reason that stays; but that a thing is there already is
   * fine after a try whose outcome is unknown.
   */
  async send(rest: RestClient, name: RouteName, input: RestInput): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      this.requests += 1;
      const answer = await rest.send(name, input).catch(failed);
      if (answer.status >= 200 && answer.status < 300) return answer;
      if (answer.status === CONFLICT && tries > 1) return answer;
      const { code = '' } = typeof answer.body === 'object' ? (answer.body as { code?: string }) : {};
      this.refusals.push(`${name} ${answer.status || answer.text} ${code}`.trim());
      const isFinal = answer.status !== 0 && answer.status < HTTP_ERRORS_FROM;
      if (isFinal || tries === MAX_TRIES) throw new Error(`${name}, try ${tries}: ${answer.status} ${answer.text}`);
      await pause(AGAIN_AFTER_MS);
    }
  }
}

/** No answer of the service: none at all, or one of whatever stands before it. */
const failed = (error: Error & { cause?: { code?: string; message?: string } }): Answer => {
  const { cause, message } = error;
  return { status: 0, body: {}, text: cause?.code ?? cause?.message ?? message.slice(0, 200) };
};
